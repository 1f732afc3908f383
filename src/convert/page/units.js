// ---- Hidden layers: a grid of squares for each, which light up.

const UNIT_SIDE = 28; // of a square, where there is room

function colorOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

class Units {
  constructor(parent, l, selected) {
    this.layer = layers[l];
    this.name = `Hidden layer ${l + 1}, ${this.layer.activation}`;
    this.columns = Math.min(this.layer.out,
      Math.max(Math.ceil(Math.sqrt(4 * this.layer.out)), 8));
    this.rows = Math.ceil(this.layer.out / this.columns);
    this.canvas = element("canvas", {role: "img", tabindex: "0",
      style: `max-width: ${UNIT_SIDE * this.columns}px`});
    this.readout = element("figcaption", {});
    this.selected = selected;
    this.chosen = null;
    parent.append(element("figure", {}, this.canvas, this.readout));
    this.canvas.addEventListener("pointermove", event => this.#point(event));
    this.canvas.addEventListener("pointerdown", event => this.#point(event));
    this.canvas.addEventListener("pointerleave", () => this.#choose(null));
    this.canvas.addEventListener("blur", () => this.#choose(null));
    this.canvas.addEventListener("keydown", event => this.#key(event));
  }

  show(activations) {
    this.values = activations;
    this.paint();
    this.#describe();
  }

  paint() {
    const {canvas, columns, rows} = this;
    const side = Math.max(Math.min(Math.floor(1024 / columns), UNIT_SIDE), 2);
    const gap = side > 8 ? 2 : side > 4 ? 1 : 0;
    canvas.width = columns * side;
    canvas.height = rows * side;
    const context = canvas.getContext("2d");
    const most = this.values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    this.values.forEach((value, j) => {
      const box = [j % columns * side, Math.floor(j / columns) * side,
        side - gap, side - gap];
      context.globalAlpha = 1;
      context.fillStyle = colorOf("--off");
      context.fillRect(...box);
      context.globalAlpha = most > 0 ? Math.abs(value) / most : 0;
      context.fillStyle = colorOf(value > 0 ? "--above" : "--below");
      context.fillRect(...box);
      if (j === this.chosen) this.#frame(context, box, gap);
    });
  }

  #frame(context, [x, y, width, height], gap) {
    context.globalAlpha = 1;
    context.strokeStyle = colorOf("--text");
    context.lineWidth = gap + 1;
    context.strokeRect(x, y, width, height);
  }

  #describe() {
    const active = this.values.filter(value => Math.abs(value) > 1e-6).length;
    const summary = `${this.name}: ${active} of ${this.values.length} units ` +
      "are not 0";
    this.readout.textContent = this.chosen === null ? summary :
      `${this.name}: unit ${this.chosen + 1} is ` +
      this.values[this.chosen].toPrecision(4);
    this.canvas.setAttribute("aria-label", this.readout.textContent);
  }

  #choose(unit) {
    if (unit === this.chosen) return;
    this.chosen = unit;
    this.paint();
    this.#describe();
    this.selected(unit);
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left) / box.width * this.columns);
    const y = Math.floor((event.clientY - box.top) / box.height * this.rows);
    const unit = y * this.columns + x;
    const isInside = x >= 0 && x < this.columns && unit >= 0;
    this.#choose(isInside && unit < this.values.length ? unit : null);
  }

  #key(event) {
    const moves = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns,
      ArrowDown: this.columns};
    if (!(event.key in moves)) return;
    event.preventDefault();
    const next = this.chosen === null ? 0 : this.chosen + moves[event.key];
    if (next >= 0 && next < this.values.length) this.#choose(next);
  }
}

