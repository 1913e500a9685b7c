#!/bin/sh
# Makes virtual environments for tests that compare with Python: `install.sh readers keras onnx stores`. Each lies in the user's
# cache, in a folder named by its requirements, and is made once.
set -eu
here=$(dirname "$0")
cache=${HEADRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/headrace}
for name in "$@"; do
  at=$cache/python/$name-$(sha256sum "$here/$name.txt" | cut -c 1-16)
  [ -e "$at/ready" ] && continue
  "${PYTHON:-python3}" -m venv --clear "$at"
  "$at/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/$name.txt"
  touch "$at/ready"
done
