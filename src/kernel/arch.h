/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an architecture is written in ELF and PE headers and in a .config. */
#pragma once

#include "kernel/image.h"

enum krn_arch krn_arch_of_elf(uint16_t machine, bool elf64);
enum krn_arch krn_arch_of_pe(uint16_t machine);
/* From the text of a .config. */
enum krn_arch krn_arch_of_config(const char *config);
