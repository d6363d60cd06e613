# Sourced by the other scripts: makes .venv with the extra named by $extra if it is missing or pyproject.toml changed.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "jgd needs Python 3.11 to 3.13; name one with PYTHON=…" >&2
  return 1
}

stamp=.venv/.jgd-$extra
want=$(cksum <pyproject.toml)
if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    "$python" -m venv .venv
  fi
  echo "installing jgd[$extra] into .venv …" >&2
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extra]"
  echo "$want" >"$stamp"
fi

# programs compiled once are read back in later runs
export JAX_COMPILATION_CACHE_DIR=${JAX_COMPILATION_CACHE_DIR:-$PWD/.cache/jax}
export JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS=${JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS:-0.2}

# as an install that isn't editable does: no process compiles jgd's source anew where Python may not write beside it
.venv/bin/python -m compileall -q jgd
