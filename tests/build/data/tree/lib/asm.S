	.text
foo:
	nonsense %eax
	ret
