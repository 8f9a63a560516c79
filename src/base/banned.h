/* SPDX-License-Identifier: Apache-2.0
 *
 * Force-included into every file of ours: functions that do not compile here.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Fortified C libraries define these as macros for some compilers. */
#undef strcpy
#undef strcat
#undef strncat
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncat sprintf vsprintf strtok atoi atol atoll atof gets
#pragma GCC poison gmtime localtime ctime asctime system popen tmpnam tempnam mktemp
