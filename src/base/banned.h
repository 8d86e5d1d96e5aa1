/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions kiln does without. Included by the compiler before every file (meson.build). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof system popen
