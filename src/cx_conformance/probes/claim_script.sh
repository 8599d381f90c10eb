# Writes to a volume and reads it back.
#
# usage: sh -s -- FOLDER WORD    ends with 0 when WORD was written and read, 3 when it could not be written, 4 not read
file=$1/cx-conformance
printf '%s\n' "$2" >"$file" || exit 3
sync
read -r found <"$file" && [ "$found" = "$2" ] || exit 4
rm -f "$file"
