"""The page of mlp export --to html, in a headless Chromium.

A seven is drawn with mouse, finger and keyboard and read as 7; pictures are
chosen and dropped, forms are filled in. Every number must be that of mlp
predict on the same input, to 1e-5. Nothing is loaded from elsewhere; text has
contrast in both color schemes, nothing is wider than a phone, and assistive
technology gets names. MLP_SHOTS names a folder for pictures of the pages.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ["MLP_SOURCE"])
BUILD = pathlib.Path(os.environ["MLP_BUILD"])
sys.path.insert(0, str(SOURCE / "tests/support"))
import browser  # noqa: E402

TOLERANCE = 1e-5
SEVEN = [(0.25, 0.2), (0.5, 0.2), (0.75, 0.2), (0.6, 0.5), (0.45, 0.85)]
ACTIVATIONS = ("identity sigmoid tanh relu arctan leaky-relu prelu elu "
               "softplus silu gelu").split()


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAILED: exit code {done.returncode} of {words}\n"
                 f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def train(name, *options):
    """Train, and export the page."""
    run(BUILD / "mlp_train", "--quiet", "--checkpoint", name, *options)
    run(BUILD / "mlp", "export", name, "--to", "html", "-o", f"{name}.html")


def predict(name, *words):
    """(prediction, outputs) of each row, by mlp predict."""
    text = run(BUILD / "mlp", "predict", name, *words, "--format", "json")
    return [(row["prediction"], row.get("probabilities", row.get("outputs")))
            for row in map(json.loads, text.splitlines())]


def expect_near(found, expected, what):
    assert len(found) == len(expected), what
    for a, b in zip(found, expected):
        assert abs(a - b) <= TOLERANCE * max(1, abs(b)), f"{what}: {a} for {b}"


def outputs_of(page):
    """What the page shows, before it is rounded for display."""
    return page.run("mlp.shown")


def read(page):
    page.settle()
    return page.run("document.querySelector('#prediction output')?.textContent")


def corners(page, path):
    """Points of the sheet, in CSS pixels of the window."""
    page.run("scrollTo(0, 0)")
    box = page.run("(({left, top, width, height}) => [left, top, width, height])"
                   "(document.getElementById('sheet').getBoundingClientRect())")
    return [(box[0] + x * box[2], box[1] + y * box[3]) for x, y in path]


def press(page, button):
    page.run(f"document.getElementById('{button}').click()")


def draw_by_mouse(page):
    points = corners(page, SEVEN)
    page.mouse("Pressed", *points[0])
    for point in points:
        page.mouse("Moved", *point)
    page.mouse("Released", *points[-1])


def draw_by_finger(page):
    points = corners(page, SEVEN)
    page.touch("Start", points[:1])
    for point in points:
        page.touch("Move", [point])
    page.touch("End", [])


def draw_by_keyboard(page):
    """From the middle to the left upper corner, and a seven from there."""
    page.key("Tab", 9)
    assert page.run("document.activeElement.id") == "sheet", "not first by Tab"
    for key in ["ArrowUp"] * 8 + ["ArrowLeft"] * 7:
        page.key(key)
    page.key(" ", 32)
    for key in ["ArrowRight"] * 14 + ["ArrowDown", "ArrowDown", "ArrowLeft"] * 8:
        page.key(key)
    page.key(" ", 32)


def save_drawing(page, path):
    data = page.run("document.getElementById('sheet').toDataURL('image/png')")
    pathlib.Path(path).write_bytes(base64.b64decode(data.split(",")[1]))


def options_of(page):
    """The options of mlp predict that the page names."""
    return page.run("document.getElementById('command').textContent").split()[4:]


def test_drawing(page, name):
    page.open(f"{name}.html")
    assert read(page) is None, "a prediction of nothing"
    for draw in (draw_by_keyboard, draw_by_mouse, draw_by_finger):
        draw(page)
        assert read(page) == "7", f"{draw.__name__}: {read(page)}"
        page.wait("document.getElementById('status').textContent === "
                  "'Prediction: 7'")
        for _ in range(2): # centered or not, and back
            save_drawing(page, "drawing.png")
            expect_near(outputs_of(page),
                        predict(name, "drawing.png", *options_of(page))[0][1],
                        draw.__name__)
            press(page, "center")
            page.settle()
        press(page, "clear")
        assert read(page) is None, "not cleared"
    draw_by_mouse(page)
    press(page, "undo")
    assert read(page) is None, "not undone"


def test_pictures(page, name):
    """A picture on paper: chosen, dropped, centered or not, inverted or not."""
    page.open(f"{name}.html")
    draw_by_mouse(page)
    save_drawing(page, "light.png")
    page.run("""(() => { const c = document.getElementById('sheet');
        const all = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        for (let i = 0; i < all.data.length; i += 4)
          for (let k = 0; k < 3; k++) all.data[i + k] = 200 - 0.6 * all.data[i + k] + 10 * k;
        const paper = new OffscreenCanvas(c.width, c.height);
        paper.getContext('2d').putImageData(all, 0, 0);
        globalThis.paper = paper; })()""")
    data = page.run("""paper.convertToBlob().then(b => new Promise(done => {
        const r = new FileReader(); r.onload = () => done(r.result);
        r.readAsDataURL(b); }))""")
    pathlib.Path("paper.png").write_bytes(base64.b64decode(data.split(",")[1]))
    for file, words in (("paper.png", ["--invert"]), ("light.png", [])):
        press(page, "clear")
        page.settle()
        page.choose_file("#file", file)
        page.wait("document.querySelector('#prediction output') !== null")
        assert read(page) == "7", file
        assert options_of(page) == words, file
        for _ in range(2): # centered or not, and back
            expect_near(outputs_of(page),
                        predict(name, file, *options_of(page))[0][1], file)
            press(page, "center")
            page.settle()
    press(page, "clear")
    page.settle()
    page.run("""paper.convertToBlob().then(blob => {
        const data = new DataTransfer();
        data.items.add(new File([blob], 'dropped.png', {type: 'image/png'}));
        dispatchEvent(new DragEvent('drop', {dataTransfer: data})); })""")
    page.wait("document.querySelector('#prediction output') !== null")
    assert read(page) == "7", "dropped"
    pathlib.Path("broken.png").write_text("no picture")
    page.choose_file("#file", "broken.png")
    page.wait("document.getElementById('prediction').textContent === "
              "'broken.png cannot be read as a picture'")


def fill(page, values):
    """Type or choose; what is not among a field's texts is missing or other."""
    for i, value in enumerate(values):
        page.run(f"(() => {{ const f = document.getElementById('field-{i}');"
                 f"f.value = {json.dumps(value)};"
                 "if (f.selectedIndex === -1) f.value ="
                 f"'{'(other)' if value else '(missing)'}';"
                 "f.dispatchEvent(new Event('input')); })()")
    page.settle()


def test_table(page, name, header, rows):
    page.open(f"{name}.html")
    pathlib.Path("rows.csv").write_text("\n".join([header, *rows]) + "\n")
    expected = predict(name, "--data", "rows.csv")
    for row, (prediction, outputs) in zip(rows, expected):
        fill(page, row.split(","))
        if isinstance(prediction, str):
            assert read(page) == prediction, row
            expect_near(outputs_of(page), outputs, row)
        else:
            expect_near(outputs_of(page), [prediction], row)


def test_empty_field(page, name):
    page.open(f"{name}.html")
    fill(page, [""])
    assert "needs a number" in page.run(
        "document.getElementById('prediction').textContent")


def test_activations(page):
    rows = predict_rows()
    for activation in ACTIVATIONS:
        train("tried", "--data", "digits", "--hidden", "12,9", "--activation",
              activation, "--epochs", "1", "--output-activation",
              "sigmoid" if activation == "tanh" else "softmax", "--loss",
              "mse" if activation == "tanh" else "cross-entropy")
        page.open("tried.html")
        expected = predict("tried", "--data", "digits", "--rows", len(rows))
        for row, (_, outputs) in zip(rows, expected):
            expect_near(page.run(f"mlp.outputs({row})"), outputs, activation)
        subprocess.run(["rm", "-r", "tried"], check=True)


def predict_rows():
    """The first test rows of the built-in digits, as in source/digits.c."""
    import gzip
    lines = gzip.open(SOURCE / "data/digits.csv.gz", "rt").read().splitlines()
    return [[int(x) for x in line.split(",")][:64] for line in lines[3::4][:5]]


CONTRAST = """(() => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const light = color => numbers(color).filter((_, i) => i < 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if ((numbers(c)[3] ?? 1) > 0) return c; } return 'rgb(255, 255, 255)'; };
  let least = [21, ''];
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility() || ![...e.childNodes].some(
      n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0]) least = [ratio, e.outerHTML.substring(0, 80)];
  }
  return least; })()"""


def test_looks(page, name):
    """Phone and desk, light and dark."""
    for width, height in ((1280, 900), (360, 740)):
        for scheme in ("light", "dark"):
            page.show_as(width, height, scheme)
            page.open(f"{name}.html")
            if page.run("document.getElementById('row').hidden"):
                draw_by_mouse(page)
            page.settle()
            where = f"{name} {width} {scheme}"
            wide = page.run("document.documentElement.scrollWidth")
            assert wide <= width, f"{where}: {wide} pixels wide"
            least = page.run(CONTRAST)
            assert least[0] >= 4.5, f"{where}: contrast {least}"
            if "MLP_SHOTS" in os.environ:
                page.shoot(pathlib.Path(os.environ["MLP_SHOTS"]) /
                           f"{name}-{width}-{scheme}.png")
    page.show_as(1280, 900)


def test_access(page, name):
    """Each control has a name, and each graphic a text."""
    page.open(f"{name}.html")
    for role, text in page.accessible():
        if role in ("button", "textbox", "spinbutton", "slider", "combobox",
                    "checkbox", "image", "img", "application", "region"):
            assert text.strip(), f"{name}: a nameless {role}"
    assert page.run("document.querySelector('[role=status]') !== null")


def test_source(name):
    text = pathlib.Path(f"{name}.html").read_text()
    assert "default-src 'none'" in text and "@" not in \
        text.split("<script")[0].split("</style>")[1], "a mark is left"
    assert "http" not in text.replace("http-equiv", ""), "an address"


EVIL = '</script><img src=x onerror="document.title=1">'


def test_names(page):
    """Names from outside stay text."""
    lines = ["a<b,class", *(f"{i % 7},{'yes' if i % 2 else EVIL!r}".replace(
        repr(EVIL), '"' + EVIL.replace('"', '""') + '"') for i in range(60))]
    pathlib.Path("evil.csv").write_text("\n".join(lines) + "\n")
    train("evil", "--data", "evil.csv", "--label", "class", "--epochs", "2")
    page.open("evil.html")
    page.settle()
    assert EVIL in page.run("document.getElementById('bars').textContent")
    assert page.run("document.title").startswith("Multilayer")
    assert page.run("document.querySelector('img')") is None


def write_gaps(path):
    """A table with missing numbers and texts, two categories, and rare ones."""
    rows = [f"{'' if i % 5 == 0 else i / 4},{'yes' if i % 2 else 'no'},"
            f"{['red', 'blue', 'red', 'blue', ''][i % 5] if i else 'rare'},"
            f"{'big' if i % 3 else 'small'}" for i in range(60)]
    pathlib.Path(path).write_text("\n".join(["size,is_new,shade,y", *rows]))


def test_everything():
    cars = SOURCE / "data/cars.csv"
    train("digits", "--data", "digits", "--epochs", "30", "--hidden", "64,32")
    train("price", "--data", cars, "--label", "price", "--task", "regression",
          "--lr", "0.02", "--hidden", "16", "--batch", "16", "--epochs", "5")
    train("colour", "--data", cars, "--label", "colour", "--epochs", "3",
          "--scaling", "minmax")
    train("xor", "--data", "xor", "--hidden", "2", "--binary",
          "--output-activation", "sigmoid", "--loss", "binary-cross-entropy",
          "--epochs", "3")
    write_gaps("gaps.csv")
    train("gaps", "--data", "gaps.csv", "--label", "y", "--rare", "2",
          "--epochs", "3")
    page = browser.Page()
    try:
        page.show_as(1280, 900)
        test_drawing(page, "digits")
        test_pictures(page, "digits")
        if os.environ.get("MLP_DATA"):
            train("mnist", "--data", os.environ["MLP_DATA"], "--epochs", "1")
            test_drawing(page, "mnist")
        test_table(page, "price", "years,km,colour",
                   ["4,50000,red", "12,180500.5,blue", "0,0,silver"])
        test_table(page, "colour", "years,km,price",
                   ["4,50000,9000", "1,1000,21000"])
        test_table(page, "gaps", "size,is_new,shade",
                   ["1.5,yes,red", ",no,blue", "3,yes,", ",no,purple"])
        test_empty_field(page, "price")
        test_activations(page)
        test_names(page)
        for name in ("digits", "price", "colour", "xor"):
            test_source(name)
            test_looks(page, name)
            test_access(page, name)
        for url in page.requests():
            assert url.startswith(("file:", "data:", "about:")), url
    finally:
        page.close()



def main():
    if browser.find_browser() is None:
        skip("chromium is not installed")
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        try:
            test_everything()
        except (AssertionError, RuntimeError, TimeoutError) as error:
            traceback.print_exc()
            sys.exit(f"FAILED: {error}")
        finally:
            os.chdir("/")


main()
