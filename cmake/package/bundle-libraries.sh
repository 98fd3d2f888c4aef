#!/usr/bin/env bash
# bundle-libraries.sh MODULE: puts the shared libraries that MODULE needs beside it, in lib/, and makes it look there.
# What every system with a C++ program on it has stays outside: glibc, libstdc++, libgcc_s. Copies get names with a digest,
# so that the loader cannot mistake another package's copy for ours. Their licences go to MODULE's folder as well.
set -euo pipefail
module=$(realpath "$1")
folder=$(dirname "$module")/lib
licences=$(dirname "$module")/licences
outside='^(linux-vdso|ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|stdc\+\+|gcc_s))\.so'

rm -rf "$folder" "$licences"
mkdir -p "$folder" "$licences"

# "soname path" of everything needed, directly or not.
needed=$(ldd "$module" | awk '$2 == "=>" { print $1, $3 }' | grep -Ev "$outside")
if grep -q 'not$' <<< "$needed"; then
  echo "bundle-libraries: not found: $(grep 'not$' <<< "$needed")" >&2
  exit 1
fi

declare -A renamed
while read -r soname path; do
  digest=$(sha256sum "$path" | cut -c1-8)
  renamed[$soname]=${soname%%.so*}-$digest.so${soname#*.so}
  install -m 644 "$path" "$folder/${renamed[$soname]}"
  bash "$(dirname "$0")/licence-of.sh" "$(basename "$(realpath "$path")")" "$licences"
done <<< "$needed"

strip --strip-unneeded "$module" "$folder"/*
for file in "$module" "$folder"/*; do
  replace=()
  for soname in $(patchelf --print-needed "$file"); do
    [ -z "${renamed[$soname]:-}" ] || replace+=(--replace-needed "$soname" "${renamed[$soname]}")
  done
  # One change a run: patchelf 0.14 forgets some of several.
  [ "${#replace[@]}" -eq 0 ] || patchelf "${replace[@]}" "$file"
  if [ "$file" = "$module" ]; then
    patchelf --force-rpath --set-rpath '$ORIGIN/lib' "$file"
  else
    patchelf --set-soname "$(basename "$file")" "$file"
    patchelf --force-rpath --set-rpath '$ORIGIN' "$file"
  fi
done

# Proof: nothing but the loader's own libraries comes from elsewhere.
astray=$(ldd "$module" | awk '$2 == "=>" { print $1, $3 }' | grep -Ev "$outside" | grep -v " $folder/" || true)
if [ -n "$astray" ]; then
  echo "bundle-libraries: still from outside: $astray" >&2
  exit 1
fi
