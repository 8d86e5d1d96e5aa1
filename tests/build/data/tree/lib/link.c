extern int elsewhere(int);
int start(void)
{
	return elsewhere(3);
}
