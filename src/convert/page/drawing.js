// ---- The sheet: strokes by mouse, finger, pen or keyboard, light on dark as
// the model sees them, or a picture from a file.

const SHEET_SIDE = 280; // pixels of the longer side, about
const KEY_STEP = 10;    // pixels that an arrow key moves the pen

class Sheet {
  // changed: called after each change; say: announces a text.
  constructor(canvas, pen, {height, width}, changed, say) {
    const unit = Math.max(Math.round(SHEET_SIDE / Math.max(height, width)), 1);
    canvas.width = width * unit;
    canvas.height = height * unit;
    this.context = canvas.getContext("2d", {willReadFrequently: true});
    Object.assign(this, {canvas, pen, changed, say});
    this.strokes = []; // of {width, points: [[x, y], ...]}
    this.bitmap = null;
    this.penWidth = 2.5;
    this.cursor = [canvas.width / 2, canvas.height / 2];
    this.isDown = false; // the keyboard's pen
    canvas.addEventListener("pointerdown", event => this.#press(event));
    canvas.addEventListener("pointermove", event => this.#move(event));
    canvas.addEventListener("keydown", event => this.#key(event));
    canvas.addEventListener("focus", () => this.#placePen());
    canvas.addEventListener("blur", () => this.#lift());
    this.paint();
  }

  get isEmpty() {
    return this.strokes.length === 0 && this.bitmap === null;
  }

  begin(point) {
    const width = this.penWidth * Math.max(this.canvas.width,
      this.canvas.height) / 28;
    this.strokes.push({width, points: [point]});
    this.#change();
  }

  extend(point) {
    this.strokes.at(-1).points.push(point);
    this.#change();
  }

  undo() {
    if (this.strokes.pop() === undefined) this.bitmap = null;
    this.isDown = false;
    this.#change();
  }

  clear() {
    this.strokes = [];
    this.bitmap = null;
    this.isDown = false;
    this.#change();
  }

  show(bitmap) {
    this.strokes = [];
    this.bitmap = bitmap;
    this.#change();
  }

  paint() {
    const {context, canvas} = this;
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (this.bitmap !== null) {
      context.drawImage(this.bitmap, 0, 0, canvas.width, canvas.height);
    }
    context.strokeStyle = "#fff";
    context.lineCap = context.lineJoin = "round";
    for (const {width, points} of this.strokes) {
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(...points[0]);
      for (const point of points) context.lineTo(...point);
      context.stroke();
    }
  }

  pixels() {
    const {width, height} = this.canvas;
    return this.context.getImageData(0, 0, width, height);
  }

  #change() {
    this.paint();
    this.changed();
  }

  #pointOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * this.canvas.width / box.width,
      (event.clientY - box.top) * this.canvas.height / box.height];
  }

  #press(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.isDown = false;
    this.pen.hidden = true;
    this.begin(this.#pointOf(event));
  }

  #move(event) {
    if (!this.canvas.hasPointerCapture(event.pointerId)) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) {
      this.extend(this.#pointOf(part));
    }
  }

  #key(event) {
    const step = KEY_STEP * (event.shiftKey ? 5 : 1);
    const moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0],
      ArrowUp: [0, -step], ArrowDown: [0, step]};
    if (event.key in moves) {
      this.#moveBy(moves[event.key]);
    } else if (event.key === " ") {
      this.#togglePen();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
      this.say("Cleared");
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      this.undo();
      this.say("Undone");
    } else {
      return;
    }
    event.preventDefault();
    this.#placePen();
  }

  #moveBy([across, down]) {
    const {width, height} = this.canvas;
    this.cursor = [Math.min(Math.max(this.cursor[0] + across, 0), width),
      Math.min(Math.max(this.cursor[1] + down, 0), height)];
    if (this.isDown) this.extend(this.cursor);
  }

  #togglePen() {
    this.isDown = !this.isDown;
    if (this.isDown) this.begin(this.cursor);
    this.say(this.isDown ? "Pen down" : "Pen up");
  }

  #placePen() {
    const {pen, canvas, cursor} = this;
    pen.hidden = !canvas.matches(":focus-visible");
    pen.className = this.isDown ? "down" : "";
    pen.style.left = `${100 * cursor[0] / canvas.width}%`;
    pen.style.top = `${100 * cursor[1] / canvas.height}%`;
  }

  #lift() {
    this.isDown = false;
    this.pen.hidden = true;
  }
}

