#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Called by meson at install time: writes the completion scripts that the installed program prints.
set -eu
program=$MESON_INSTALL_DESTDIR_PREFIX/$1/plimsoll
share=$MESON_INSTALL_DESTDIR_PREFIX/$2
while read -r shell path; do
    mkdir -p "$share/$(dirname "$path")"
    "$program" completion "$shell" >"$share/$path"
done <<TXT
bash bash-completion/completions/plimsoll
zsh zsh/site-functions/_plimsoll
fish fish/vendor_completions.d/plimsoll.fish
TXT
