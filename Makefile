# SPDX-License-Identifier: Apache-2.0
.DEFAULT run test build bench fuzz lint install:
	@./dev $@
