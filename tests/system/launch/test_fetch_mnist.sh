#!/bin/sh
# data/fetch_mnist.sh against mirrors on this machine: sound, absent, corrupt,
# interrupted. Needs the four .gz files in $MLP_DATA.
set -eu

skip() {
    echo "SKIP: $*"
    exit 77
}

script=$(cd "$(dirname "$0")/../../.." && pwd)/data/fetch_mnist.sh
images=train-images-idx3-ubyte.gz
labels=t10k-labels-idx1-ubyte.gz
real=${MLP_DATA:-}

command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 ||
    skip "neither curl nor wget is installed"
if [ ! -f "$real/$images" ] || [ ! -f "$real/$labels" ]; then
    skip "\$MLP_DATA has no MNIST in .gz files"
fi
real=$(cd "$real" && pwd)

work=$(mktemp -d)
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "FAIL: $*" >&2
    sed 's/^/    /' "$work/log" >&2
    exit 1
}

# python3 -m http.server with Range requests, except for paths under /plain/.
# Prints its port, then one line per request.
cat >"$work/server.py" <<'EOF'
import functools, http.server, io, os, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    def send_head(self):
        first = self.headers.get("Range", "")
        path = self.translate_path(self.path.replace("/plain/", "/good/"))
        if not os.path.isfile(path):
            return self.send_error(404)
        data = open(path, "rb").read()
        begin = 0
        if first.startswith("bytes=") and not self.path.startswith("/plain/"):
            begin = int(first[6:].split("-")[0])
            if begin >= len(data):
                return self.send_error(416)
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (
                begin, len(data) - 1, len(data)))
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        print("sent", self.path, "from", begin, flush=True)
        return io.BytesIO(data[begin:])

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
EOF

mkdir "$work/www" "$work/www/bad"
ln -s "$real" "$work/www/good"
echo "this is no MNIST" | gzip >"$work/www/bad/$images"
python3 "$work/server.py" "$work/www" >"$work/requests" 2>"$work/log" &
server=$!
tries=0
while [ ! -s "$work/requests" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "the server does not start"
    sleep 0.1
done
url=http://127.0.0.1:$(head -n 1 "$work/requests")

# fetch MIRRORS ARGUMENT...: run the script; its status is in $status.
fetch() {
    status=0
    mirrors=$1
    shift
    MLP_MIRRORS=$mirrors no_proxy=127.0.0.1 sh "$script" "$@" \
        >"$work/log" 2>&1 || status=$?
}

expect_success() {
    [ "$status" -eq 0 ] || fail "$1: exit status $status"
    for file in train-images-idx3-ubyte train-labels-idx1-ubyte \
        t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
        cmp "$real/$file.gz" "$2/$file.gz" || fail "$1: $file.gz differs"
    done
    [ "$(find "$2" -type f | wc -l)" -eq 4 ] || fail "$1: more than 4 files"
}

expect_line() { grep -q "$1" "$work/log" || fail "expected a line: $1"; }

echo "a good mirror gives all files"
fetch "$url/good" "$work/first"
expect_success "good mirror" "$work/first"

echo "a second run has nothing to do"
fetch "$url/gone" "$work/first"
expect_success "second run" "$work/first"
expect_line "already complete"

echo "unpacked files are complete, too"
gzip -d "$work/first/$labels"
fetch "$url/gone" "$work/first"
[ "$status" -eq 0 ] || fail "unpacked: exit status $status"
expect_line "already complete"

echo "a mirror without the files is skipped"
fetch "$url/gone $url/good/" "$work/second"
expect_success "first mirror gone" "$work/second"

echo "a corrupt file is discarded and fetched from the next mirror"
fetch "$url/bad $url/good" "$work/third"
expect_success "first mirror corrupt" "$work/third"
expect_line "bad/$images has wrong content and is discarded"

echo "an interrupted download is continued"
mkdir "$work/fourth"
head -c 1234567 "$real/$images" >"$work/fourth/$images.part"
fetch "$url/good" "$work/fourth"
expect_success "interrupted" "$work/fourth"
grep -q "sent /good/$images from 1234567" "$work/requests" ||
    fail "the file was fetched from its beginning"

echo "a damaged beginning is fetched again"
rm "$work/fourth/$images"
echo "damage" >"$work/fourth/$images.part"
fetch "$url/good" "$work/fourth"
expect_success "damaged beginning" "$work/fourth"

echo "a server without Range sends the whole file"
rm "$work/fourth/$images"
head -c 1234567 "$real/$images" >"$work/fourth/$images.part"
fetch "$url/plain" "$work/fourth"
expect_success "no ranges" "$work/fourth"

echo "a dead network keeps the partial file"
rm "$work/fourth/$images"
head -c 1234567 "$real/$images" >"$work/fourth/$images.part"
fetch "http://127.0.0.1:1" "$work/fourth"
[ "$status" -eq 66 ] || fail "dead network: exit status $status"
[ "$(wc -c <"$work/fourth/$images.part")" -eq 1234567 ] ||
    fail "the beginning is lost"

echo "--from takes a directory or a URL"
fetch "$url/gone" --from "$real" "$work/fifth"
expect_success "--from directory" "$work/fifth"
fetch "$url/gone" --from="$url/good" "$work/sixth"
expect_success "--from URL" "$work/sixth"

echo "--from takes unpacked files"
mkdir "$work/unpacked"
for file in "$real"/*-ubyte.gz; do
    gzip -dc "$file" >"$work/unpacked/$(basename "$file" .gz)"
done
fetch "$url/gone" --from "$work/unpacked" "$work/seventh"
[ "$status" -eq 0 ] || fail "--from unpacked: exit status $status"
cmp "$work/unpacked/${images%.gz}" "$work/seventh/${images%.gz}"

echo "failures end with one clear line"
fetch "$url/gone $url/bad" "$work/eighth"
[ "$status" -eq 66 ] || fail "no mirror left: exit status $status"
tail -n 1 "$work/log" | grep -q "error: .* could not be had" ||
    fail "no clear last line"
[ -z "$(ls "$work/eighth")" ] || fail "something is left behind"
fetch "$url/good" --from /no/such/directory "$work/eighth"
[ "$status" -eq 66 ] || fail "--from nowhere: exit status $status"
fetch "$url/good" --to "$work/eighth"
[ "$status" -eq 64 ] || fail "unknown option: exit status $status"

echo "files of another data set are not touched"
cp "$work/www/bad/$images" "$work/eighth/$images"
fetch "$url/good" "$work/eighth"
[ "$status" -eq 66 ] || fail "other content: exit status $status"
expect_line "has other content"
cmp "$work/www/bad/$images" "$work/eighth/$images" || fail "it was touched"

echo "other sets have their own names and sums"
python3 - "$work/www" <<'EOF'
import gzip, hashlib, os, struct, sys, zipfile

# 6 and 3 pictures of 2 x 3 pixels
def images(rows):
    return struct.pack(">IIII", 0x803, rows, 2, 3) + bytes(range(6)) * rows

def labels(rows):
    return struct.pack(">II", 0x801, rows) + bytes(i % 2 for i in range(rows))

def md5(data):
    return "md5:" + hashlib.md5(data).hexdigest()

www = sys.argv[1]
os.mkdir(www + "/other")
sums = ""
with zipfile.ZipFile(www + "/other/gzip.zip", "w") as archive:
    for split, test, rows in ("train", "train", 6), ("t10k", "test", 3):
        for what, data in (("images-idx3", images(rows)),
                           ("labels-idx1", labels(rows))):
            packed = gzip.compress(data)
            name = f"{split}-{what}-ubyte"
            open(f"{www}/other/{name}.gz", "wb").write(packed)
            sums += f"{md5(packed)} {name}\n"
            archive.writestr(f"gzip/emnist-letters-{test}-{what}-ubyte.gz",
                             packed)
open(www + "/sums", "w").write(sums)
open(www + "/zip_sums", "w").write(
    md5(open(www + "/other/gzip.zip", "rb").read()) + " gzip.zip\n")
EOF
for set in fashion kmnist; do
    MLP_SUMS=$(cat "$work/www/sums")
    export MLP_SUMS
    fetch "$url/other" --set $set "$work/$set"
    unset MLP_SUMS
    [ "$status" -eq 0 ] || fail "$set: exit status $status"
    [ "$(find "$work/$set" -type f | wc -l)" -eq 4 ] || fail "$set: 4 files"
    cmp "$work/www/other/$images" "$work/$set/$images" || fail "$set: $images"
done

echo "files of another set are refused by the sums of its makers"
fetch "$url/other" --set=fashion "$work/ninth"
[ "$status" -eq 66 ] || fail "wrong sums: exit status $status"
expect_line "has wrong content and is discarded"

echo "a split of EMNIST is unpacked from the archive of all"
if command -v unzip >/dev/null 2>&1; then
    MLP_SUMS=$(cat "$work/www/zip_sums")
    export MLP_SUMS
    for again in "" again; do
        fetch "$url/other" --set emnist-letters "$work/emnist"
        [ "$status" -eq 0 ] || fail "EMNIST $again: exit status $status"
        cmp "$work/www/other/$images" \
            "$work/emnist/emnist-letters-$images" || fail "EMNIST: $images"
    done
    expect_line "already complete"
    fetch "$url/other" --set emnist-digits "$work/emnist"
    [ "$status" -eq 66 ] || fail "a split that is absent: status $status"
    expect_line "has no gzip/emnist-digits-train-images"
    unset MLP_SUMS
else
    echo "without unzip, which is not installed"
fi
fetch "$url/other" --set cifar "$work/tenth"
[ "$status" -eq 64 ] || fail "an unknown set: exit status $status"

echo "passed"
