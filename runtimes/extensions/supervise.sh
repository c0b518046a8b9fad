# Runs the extensions of one execution environment and, when the platform says so, its runtime: external extensions
# start first. Each end is told in a line of the report FIFO. It decides nothing, and ends when all of them have ended.
# Arguments: the folder of extensions; the FIFOs of commands, of reports and of the extensions' output; then the
# runtime's command. The runtime is the first child: signals for it are sent to that place of the tree.
folder=$1
commands=$2
reports=$3
output=$4
shift 4
(
  read -r go <"$commands"
  exec "$@"
) &
runtime=$!
for extension in "$folder"/*; do
  if [ -f "$extension" ] && [ -x "$extension" ]; then
    (
      unset _WINDTUNNEL_RUNTIME_SOCKET
      "$extension" >"$output" 2>&1
      echo "extension $? ${extension##*/}" >"$reports"
    ) 2>/dev/null &
  fi
done
# what a shell says of its children's ends is no output of theirs
exec >/dev/null 2>&1
wait "$runtime"
echo "runtime $?" >"$reports"
wait
