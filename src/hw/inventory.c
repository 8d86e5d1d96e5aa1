/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/inventory.h"

void hw_inventory_release(struct hw_inventory *inv)
{
	free(inv->v);
	free(inv->loaded.v);
	free(inv->odd.v);
	arena_release(&inv->arena);
	*inv = (struct hw_inventory){ 0 };
}
