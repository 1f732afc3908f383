#!/bin/sh
# Install and use the Debian package beside this file, as root of a Debian that
# has nothing else: release.sh runs it in a chroot.
#
#     sh try_deb.sh DIGEST    of the weights of mlp_train --data digits
set -eux
digest=$1
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
install() { apt-get -qq -y --no-install-recommends install "$@"; }

[ -z "$(command -v mlp_train)" ]
apt-get -qq update
install ./mlp_*.deb

# ---- the programs

mlp_train --data digits --run run | tee out
grep -x "weights sha256 $digest" out
mpirun -np 2 --oversubscribe mlp_train --data digits --quiet </dev/null |
    grep -x "weights sha256 $digest"
mlp eval run
mlp predict run --rows 3
mlp report run --format png -o report.png
for page in mlp_train mlp; do
    zcat /usr/share/man/man1/$page.1.gz | grep -q '^\.SH OPTIONS\|^\.SH "'
done
bash -c '
    . /usr/share/bash-completion/completions/mlp
    COMP_WORDS=(mlp predic) COMP_CWORD=1
    _mlp mlp predic mlp
    [ "${COMPREPLY[*]}" = predict ]'

# ---- the library, without another package's headers

install gcc libc6-dev pkgconf
# shellcheck disable=SC2046 # options are words
cc -o example example.c $(pkg-config --cflags --libs mlp)
ldd ./example | grep 'libmlp\.so\.[0-9]'
./example
# shellcheck disable=SC2046
cc -o example_mpi example_mpi.c $(pkg-config --cflags --libs mlp-mpi)
mpirun -np 2 --oversubscribe ./example_mpi </dev/null

# ---- removed without a trace

dpkg -L mlp | while read -r path; do
    [ -d "$path" ] || echo "$path"
done >files
apt-get -qq -y purge mlp
while read -r path; do
    [ ! -e "$path" ]
done <files
[ ! -e /usr/share/doc/mlp ]
