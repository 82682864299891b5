#!/usr/bin/env bash
# Makes GoogleTest available for the C++ tests: nothing to do where it is installed, else Debian's package, unpacked into
# build/gtest.
set -euo pipefail
case ${1:-} in -h | --help) awk 'NR > 1 && !/^#/ {exit} NR > 1 {sub(/^# ?/, ""); print}' "$0" && exit ;; esac
cd "$(dirname "$0")/.."
for header in /usr/include/gtest/gtest.h /usr/local/include/gtest/gtest.h /usr/src/googletest/googletest/include/gtest/gtest.h \
              build/gtest/usr/include/gtest/gtest.h; do
  [ ! -f "$header" ] || exit 0
done
if [ "$(id -u)" = 0 ]; then apt-get update -qq; fi
mkdir -p build/gtest/deb
(cd build/gtest/deb && apt-get download -q libgtest-dev)
dpkg -x build/gtest/deb/libgtest-dev_*.deb build/gtest
test -f build/gtest/usr/include/gtest/gtest.h
