#!/bin/sh
# mlp report: pages, figures and text of runs; omitted sections, and invalid
# input. In a real browser if one is installed.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/tool.sh
. "$MLP_SOURCE/tests/support/tool.sh"

command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"

# Elements are closed in order, ids are unique, links have targets; nothing is
# loaded from elsewhere, and there is no script.
cat >check.py <<'END'
import html.parser, re, sys

EMPTY = {"meta", "img", "link", "br", "hr", "input", "col"}

class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.refs, self.seen = [], [], [], set()
    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        assert len(found) == len(attributes), f"an attribute twice: {tag}"
        assert tag != "script" and not any(k.startswith("on") for k in found)
        self.seen.add(tag)
        if "id" in found:
            self.ids.append(found["id"])
        for key in ("aria-labelledby", "aria-describedby"):
            self.refs += found.get(key, "").split()
        for key in ("href", "src"):
            value = found.get(key)
            assert value is None or value[0] == "#" or \
                value.startswith("data:image/png;base64,"), value
            if value and value[0] == "#":
                self.refs.append(value[1:])
        if tag == "img":
            assert "alt" in found
        if tag == "svg":
            assert found["role"] == "img"
        if tag == "th":
            assert found["scope"] in ("row", "col")
        if tag not in EMPTY:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> out of order"

text = open(sys.argv[1], encoding="utf-8").read()
page = Page()
page.feed(text)
assert not page.open, page.open
assert len(set(page.ids)) == len(page.ids), "an id twice"
assert set(page.refs) <= set(page.ids), set(page.refs) - set(page.ids)
assert not re.search(r"url\(|@import|https?://(?!www.w3.org)", text)
for wanted in sys.argv[2:]:
    assert wanted in text, f"expected: {wanted}"
END
expect_page() { python3 check.py "$@" || fail "not the page expected: $1"; }

team 2 --data digits --epochs 4 --validation 0.1 --checkpoint run \
    --log run/log.jsonl --profile
expect_status 0 "training"
weights=$(digest)
team 0 --data digits --epochs 6 --lr 0.05 --checkpoint other \
    --log other/log.jsonl
expect_status 0 "another run"

echo "a page of a run"
succeed report run -o page.html
[ ! -s out ] || fail "something on standard output"
expect_page page.html 'id="curves"' 'id="confusion"' 'id="mistakes"' \
    'id="weights"' 'id="times"' "$weights" "instruction set" "(best)" \
    "449 test rows" "rank 1, forward" "taken for"
! grep -q 'id="missing"' page.html || fail "something is left out"
succeed report run
cmp -s out page.html || fail "standard output has another page"

echo "a page with images before and after deformation, and every mistake"
team 0 --data digits --epochs 2 --augment shift --checkpoint deformed
expect_status 0 "a run on deformed images"
succeed report deformed -o deformed.html
expect_page deformed.html 'id="deformed"' "before and after deformation"
mistakes=$(sed -n 's/.*All \([0-9]*\) misclassified.*/\1/p' deformed.html)
[ "$(grep -o "taken for" deformed.html | wc -l)" -eq $((2 * mistakes)) ] ||
    fail "not a card, and its text, for each of $mistakes mistakes"

echo "a page of a regression, and one of classes with names"
cars=$MLP_SOURCE/data/cars.csv
team 0 --data "$cars" --label price --task regression --test-fraction 0.25 \
    --lr 0.02 --hidden 16 --batch 16 --epochs 5 --checkpoint cars \
    --log cars/log.jsonl
expect_status 0 "training a regression"
succeed report cars -o cars.html
"$mlp" eval cars --data "$cars" >out || fail "mlp eval"
mae=$(sed -n 's/^MAE  *//p' out)
r2=$(awk '/^R2 / { printf "%.4f", $2 }' out)
expect_page cars.html 'id="errors"' "60 test rows" "$mae in the table" \
    "R2 $r2" "Final loss" ">price<"
! grep -qE 'nan%|id="(confusion|mistakes)"|Scores of each' cars.html ||
    fail "classes in a regression"
# its worst prediction is that of mlp predict over all rows
"$mlp" predict cars --data "$cars" >predictions
worst=$(sed -n '/id="errors"/,$p' cars.html |
    grep -o '<th scope="row">[0-9]*</th><td>[^<]*' | head -n 1)
awk -v value="${worst##*<td>}" 'NR > 1 && ($2 - value) ^ 2 < 0.01 { found = 1 }
    END { exit !found }' predictions || fail "not of mlp predict: $worst"
team 0 --data "$cars" --label colour --test-fraction 0.25 --hidden 4 \
    --scaling auto --batch 128 --epochs 2 --checkpoint colours --log colours/log.jsonl
succeed report colours -o colours.html
expect_page colours.html '<table class="heat named">' \
    '<th scope="col">silver</th>' \
    '<th scope="row">white</th>' "taken for silver"

echo "weights and predictions are those of the best epoch"
team 0 --data digits --hidden 8 --lr 5 --validation 0.2 --patience 5 --epochs 6 \
    --every 1 --keep 9 --max-steps 50 --checkpoint stopped --quiet
expect_status 75 "a run that is stopped"
best=$("$mlp" show stopped | awk '/^ *epoch +step/ { on = 1; next }
    on && NF == 0 { on = 0 }
    on && (!found || $5 < least) { least = $5; found = 1; epoch = $1; step = $2 }
    END { printf "ckpt-%06d-%08d.h5", epoch, step }')
for part in stopped "stopped/$best"; do
    "$mlp" report "$part" --data digits |
        grep -o '<img alt="unit [0-9]*"[^>]*>' >"${part##*/}.txt"
done
[ "$(wc -l <stopped.txt)" -eq 8 ] || fail "not 8 units"
cmp stopped.txt "$best.txt" || fail "not the best epoch's weights"

echo "runs compared"
succeed report run other -o both.html
expect_page both.html "2 runs compared" 'id="compared"' ">lr<" "0.05"

echo "missing parts are named"
cp run/log.jsonl alone.jsonl
sed -i 's|"checkpoint":"run"|"checkpoint":"gone"|' alone.jsonl
succeed report alone.jsonl -o alone.html
expect_page alone.html 'id="missing"' "no checkpoints at gone" 'id="times"'
! grep -q 'id="confusion"' alone.html || fail "a matrix out of nothing"
succeed report other/ckpt-000006-00000066.h5 --data digits -o bare.html
expect_page bare.html 'id="missing"' 'id="confusion"' 'id="curves"'
! grep -q 'id="times"' bare.html || fail "times out of nothing"
idx_directory wide
succeed report run --data wide -o wide.html
expect_page wide.html 'id="missing"' "expected 64 features"
MLP_DATA=digits succeed report run/log.jsonl -o log.html
expect_page log.html 'id="confusion"'
sed '$d' run/log.jsonl >going.jsonl
printf '{"event":"epo' >>going.jsonl
succeed report going.jsonl -o going.html
expect_page going.html "it still runs, or was killed"

echo "a run that trains is watched: a report after each epoch, until its end"
watched=$(sed -n '/"event":"epoch"/=' run/log.jsonl | sed -n 2p)
head -n "$watched" run/log.jsonl >watched.jsonl
rm -f watched.html
"$mlp" report watched.jsonl --watch -o watched.html >out 2>err </dev/null &
team_pid=$!
has_epochs() { grep -qsF "<dd>$1 of 4</dd>" watched.html; }
wait_for 60 has_epochs 2
expect_page watched.html 'http-equiv="refresh"' "reloads itself"
sed -n "$((watched + 1))p" run/log.jsonl >>watched.jsonl
wait_for 60 has_epochs 3
expect_page watched.html 'http-equiv="refresh"'
lives "$team_pid" || fail "the watch ends before the run"
sed "1,$((watched + 1))d" run/log.jsonl >>watched.jsonl
finish
expect_status 0 "mlp report --watch"
has_epochs 4 || fail "not the last epoch"
! grep -q refresh watched.html || fail "reloads for ever"
refuse 64 "add --output FILE" report run --watch

echo "names and values from outside stay text"
evil='<img src=x onerror=alert(1)>&"'
mkdir "$evil"
sed "s|\"instruction_set\":\"[a-z0-9]*\"|\"instruction_set\":\"</td><script>\"|" \
    run/log.jsonl >"$evil/log.jsonl"
succeed report "$evil" -o evil.html
expect_page evil.html "&lt;img src=x" "&lt;/td&gt;&lt;script&gt;"
succeed report "$evil" --format svg -o evil.svg

echo "figures and text"
succeed report run other --format svg -o curves.svg
python3 -c 'import xml.dom.minidom as m, sys
[m.parse(f) for f in sys.argv[1:]]' curves.svg evil.svg || fail "no XML"
LC_ALL=C.UTF-8 succeed report run --format txt
grep -q "^run: 4 epochs, best" out || fail "no summary"
grep -q "^Accuracy: training (points), validation, test$" out || fail "no plot"
[ "$(LC_ALL=C.UTF-8 awk '{ gsub(/[\200-\277]/, "") } length > 80' out | wc -l)" -eq 0 ] ||
    fail "lines over 80"
LC_ALL=C succeed report run --format txt
! LC_ALL=C grep -q '[^ -~]' out || fail "not ASCII"
tool report run --format png -o curves.png
if grep -q "without cairo" err; then
    expect_status 64 "png without cairo"
    [ ! -e curves.png ] || fail "a file all the same"
else
    expect_status 0 "png"
    [ "$(head -c 8 curves.png | tail -c 7 | head -n 1 | tr -d '\r')" = PNG ] ||
        fail "no PNG file"
fi

echo "invalid input leaves no file"
refuse 66 "nothing" report nothing -o new.html
refuse 66 "wide: has neither a checkpoint nor a log" report wide -o new.html
echo '{"event":"start"}' >empty.jsonl
refuse 65 "has no finished epoch" report empty.jsonl -o new.html
refuse 65 "check.py:1" report check.py -o new.html
refuse 64 "is not one of html, svg, png, text" \
    report run --format pdf -o new.html
refuse 64 "at most 8" report a b c d e f g h i -o new.html
refuse 74 "/dev/full" report run -o /dev/full
(ulimit -f 8 && refuse 74 "new.html" report run -o new.html) || exit 1
[ ! -e new.html ] || fail "a file is left"
[ -z "$(find . -name '*.tmp.*')" ] || fail "partial files are left"

echo "Python reads a checkpoint as the README shows"
for python in python3 /usr/bin/python3; do
    "$python" -c 'import h5py' 2>/dev/null && break
    python=
done
if [ -n "$python" ]; then
    mkdir runs && cp -r run runs/first
    sed -n '/^    import glob/,/^$/s/^    //p' "$MLP_SOURCE/README.md" >read.py
    [ "$(grep -c . read.py)" -eq 5 ] || fail "not five lines in the README"
    "$python" read.py >out 2>err || fail "the README's lines fail"
    grep -q "^(64, 256) float32 " out || fail "other weights"
else
    echo "not tried: h5py is not installed"
fi

echo "in a browser"
browser=$(command -v chromium || command -v chromium-browser || true)
[ -n "$browser" ] || skip "all but the browser passed: chromium is not installed"
# shoot WIDTH FILE: the page at that width, in a picture.
shoot() {
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu \
        --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars \
        --user-data-dir="$place/profile" --window-size="$1,900" \
        --screenshot="$place/$2" "file://$place/page.html" >out 2>err ||
        fail "the browser fails"
    [ -s "$2" ] || fail "no picture"
}
shoot 1200 wide.png
timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic \
    --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync \
    --user-data-dir="$place/profile" --dump-dom "file://$place/page.html" \
    >dom.html 2>err || fail "the browser fails"
expect_page dom.html 'id="curves"' 'id="times"'
[ "$(grep -o '<section' dom.html | wc -l)" -eq \
    "$(grep -o '<section' page.html | wc -l)" ] ||
    fail "the browser reads other elements than were written"
