int start(void)
{
	return 1;
}
