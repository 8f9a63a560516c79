/* SPDX-License-Identifier: Apache-2.0
 *
 * Where optional modules lie (plimsoll-net.so, plimsoll-yara.so): always an absolute path, so that no
 * variable of the environment decides what code is loaded.
 */
#pragma once

/* The file of a module, a heap string: in lib_dir alone if that is given; else beside the running program (a
 * build tree) where it is there, else in the folder set at build time. NULL: out of memory. */
char *plm_module_path(const char *lib_dir, const char *name);
