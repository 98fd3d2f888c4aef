#!/usr/bin/env bash
# licence-of.sh FILE FOLDER: copies the licence of the Debian package that brought the library FILE into FOLDER, if one did.
set -euo pipefail
# Packages name the file with or without /usr, whichever way the two folders were merged.
package=$(dpkg-query -S "*/$1" 2> /dev/null | head -n 1 | cut -d: -f1 || true)
[ -z "$package" ] || install -m 644 "/usr/share/doc/$package/copyright" "$2/$package"
