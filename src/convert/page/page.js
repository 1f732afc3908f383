// ---- The page: what is put in goes through the model, and is shown.

const at = id => document.getElementById(id);
const BARS_MOST = 20;    // outputs shown at once
const QUIET_MS = 500;    // until a new prediction is announced
const PIXELS_MOST = 5e7; // of a picture, as in mlp predict
const CENTERED_SIDE = 20; // smaller grids have no margin around a digit

// ---- what is said

let announced = ""; // the last prediction
let timer = 0;

// To a screen reader.
function announce(text) {
  at("status").textContent = text;
}

// Once it has been the same for a while, not on each stroke's way.
function announcePrediction(text) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (text !== announced) announce(text);
    announced = text;
  }, QUIET_MS);
}

// ---- what comes out

function percent(value) {
  return facts.probabilities ? `${(100 * value).toFixed(2)}%` :
    value.toPrecision(4);
}

function outputRows(outputs) {
  const values = facts.binary ? [1 - outputs[0], outputs[0]] : [...outputs];
  const rows = values.map((value, k) => ({value, name: facts.classes[k], k}));
  if (rows.length <= BARS_MOST) return rows;
  return rows.sort((a, b) => b.value - a.value).slice(0, BARS_MOST);
}

function showBars(outputs) {
  const best = classOf(outputs);
  at("bars").replaceChildren(...outputRows(outputs).map(row => {
    const bar = element("span", {class: "bar", "aria-hidden": "true"});
    bar.style.width = `${100 * Math.min(Math.max(row.value, 0), 1)}%`;
    return element("tr", row.k === best ? {class: "best"} : {},
      element("th", {scope: "row", title: row.name}, row.name),
      element("td", {}, element("div", {class: "cell"},
        element("span", {class: "track"}, bar),
        element("span", {class: "value"}, percent(row.value)))));
  }));
  at("outputs").hidden = false;
}

function textOf(outputs) {
  if (facts.target !== null) return Number(outputs[0].toPrecision(7)).toString();
  return facts.classes[classOf(outputs)];
}

function showPrediction(outputs) {
  mlp.shown = [...outputs]; // not rounded
  const text = textOf(outputs);
  const label = facts.target ?? "";
  at("prediction").replaceChildren(element("output", {}, text));
  if (label !== "") at("prediction").prepend(`${label} `);
  if (facts.target === null) showBars(outputs);
  announcePrediction(label !== "" ? `${label} ${text}` : `Prediction: ${text}`);
}

function showNothing(text) {
  at("prediction").textContent = text;
  at("outputs").hidden = true;
  announcePrediction(text);
}

const grids = [];

function show(features, missing) {
  const found = forward(features);
  grids.forEach((grid, l) => grid.show(found[l]));
  if (missing !== "") showNothing(missing);
  else showPrediction(found.at(-1));
}

// ---- pictures

function paintGrid({height, width, channels, pixels}) {
  const canvas = at("seen");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = pixels[channels === 3 ? 3 * i + c : i];
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// The weights from all pixels to a unit of the first layer, 0 in the middle.
function paintWeights(unit, {height, width, channels}) {
  const {weights, out} = layers[0];
  const own = Array.from({length: facts.inputs},
    (_, i) => weights[i * out + unit]);
  const most = own.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-30);
  const pixels = Uint8Array.from(own, w => 127.5 + 127.5 * w / most);
  paintGrid({height, width, channels, pixels});
}

function startPicture() {
  const grid = facts.picture;
  let picture = null; // of a file; null: what is drawn
  let seen = null;
  let isPlanned = false;

  function update() {
    isPlanned = false;
    let whole = picture ?? pictureOf(sheet.pixels(), grid.channels);
    if (at("invert").checked && !at("invert").disabled) whole = inverted(whole);
    const fit = at("center").checked ? centered : resized;
    seen = fit(whole, grid.height, grid.width);
    paintGrid(seen);
    describeCommand();
    show(featuresOf(seen), sheet.isEmpty ? "Draw something" : "");
  }

  function describeCommand() {
    const words = ["center", "invert"].filter(id =>
      at(id).checked && !at(id).disabled);
    at("command").textContent = ["mlp predict RUN drawing.png",
      ...words.map(word => `--${word}`)].join(" ");
  }

  function plan() { // once for all strokes before the next frame
    if (!isPlanned) requestAnimationFrame(update);
    isPlanned = true;
  }

  function drawn() {
    if (sheet.bitmap === null) picture = null;
    at("invert").disabled = picture === null;
    plan();
  }

  const sheet = new Sheet(at("sheet"), at("pen"), grid, drawn, announce);

  async function open(file) {
    if (!file) return;
    try {
      const bitmap = await createImageBitmap(file,
        {colorSpaceConversion: "none"});
      if (bitmap.width * bitmap.height > PIXELS_MOST) throw new RangeError();
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff"; // behind what is transparent
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(bitmap, 0, 0);
      const all = context.getImageData(0, 0, canvas.width, canvas.height);
      picture = pictureOf(all, grid.channels);
      at("invert").checked = hasLightEdges(picture);
      sheet.show(canvas);
    } catch {
      showNothing(`${file.name} cannot be read as a picture`);
    }
  }

  at("undo").addEventListener("click", () => sheet.undo());
  at("clear").addEventListener("click", () => sheet.clear());
  at("width").addEventListener("input", () => {
    sheet.penWidth = at("width").valueAsNumber;
  });
  at("save").addEventListener("click", () => {
    const link = element("a", {href: at("sheet").toDataURL("image/png"),
      download: "drawing.png"});
    link.click();
  });
  at("center").addEventListener("input", plan);
  at("invert").addEventListener("input", plan);
  at("file").addEventListener("input", () => open(at("file").files[0]));
  addEventListener("paste", event => open(event.clipboardData.files[0]));
  addEventListener("dragover", event => event.preventDefault());
  addEventListener("drop", event => {
    event.preventDefault();
    open(event.dataTransfer.files[0]);
  });
  at("center").closest("label").hidden = grid.channels !== 1;
  at("center").checked = grid.channels === 1 &&
    Math.min(grid.height, grid.width) >= CENTERED_SIDE;
  at("picture").hidden = false;
  drawn();
  return unit => {
    at("seen-caption").textContent = unit === null ? "What the model sees" :
      `Weights of unit ${unit + 1}: light above 0, dark below`;
    if (unit === null) paintGrid(seen);
    else paintWeights(unit, grid);
  };
}

// ---- rows

function startRow() {
  const form = new RowForm(at("form"), update);
  function update() {
    const missing = form.missing;
    show(form.features.map(x => Number.isNaN(x) ? 0 : x),
      missing === undefined ? "" : `${missing} needs a number`);
  }
  at("row").hidden = false;
  at("command").textContent = "mlp predict RUN --data FILE";
  update();
  return () => {};
}

// ---- everything

at("shape").textContent =
  `${facts.widths.join("-")} units, ${facts.parameters} weights` +
  (facts.target === null ? `, ${facts.classes.length} classes` : "");
at("outputs-name").textContent = facts.probabilities ? "Probability" : "Output";
at("outputs-caption").textContent = facts.classes?.length > BARS_MOST ?
  `The ${BARS_MOST} largest of ${facts.classes.length} outputs` :
  "Outputs of all classes";
let selected = () => {};
for (let l = 0; l + 2 < facts.widths.length; l++) {
  grids.push(new Units(at("layers"), l,
    unit => { if (l === 0) selected(unit); }));
}
at("units").hidden = grids.length === 0;
selected = facts.picture !== null ? startPicture() : startRow();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
  () => grids.forEach(grid => grid.paint()));
