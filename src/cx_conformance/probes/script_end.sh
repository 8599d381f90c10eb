
main() {
  limit=$1
  shift
  while [ "$#" -gt 0 ]; do
    case $1 in
      edge)
        targets=
        while [ "${1-}" = edge ]; do
          targets="$targets $2 $3 $4"
          shift 4
        done
        edges $targets &
        ;;
      packets)
        packets "$2" "$3" "$4" &
        shift 4
        ;;
      words)
        first_words "$2" "$3" "$4" "$5"
        shift 5
        ;;
      proc)
        show_proc "$2"
        shift 2
        ;;
      path)
        show_path "$2" "$3"
        shift 3
        ;;
      command) # the last one, of which all the rest is
        wait
        shift
        run_command "$@"
        shift "$#"
        ;;
    esac
  done
  wait
  printf '%s end\n' "$nonce"
}

main "$@" </dev/null
exit 0
