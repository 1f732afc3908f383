// ---- A form for a row: a field for each column of the table, or each feature.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function columnsOf() {
  return facts.columns ?? Array.from({length: facts.inputs},
    (_, i) => ({name: `feature ${i + 1}`, low: null, high: null, fill: null}));
}

// The features of a number; an empty field may be a missing one.
function numberFeatures(column, number) {
  if (column.fill === null) return [number];
  return Number.isNaN(number) ? [column.fill, 1] : [number, -1];
}

// A number is typed, or moved by a slider where its usual range is known.
function numberField(column, id, changed) {
  const known = column.low !== null && column.low < column.high;
  const middle = known ? (column.low + column.high) / 2 : 0;
  const number = element("input", {id, type: "number", step: "any",
    value: Number(middle.toPrecision(4))});
  number.required = column.fill === null;
  if (!number.required) number.placeholder = "missing";
  const value = () => numberFeatures(column, number.valueAsNumber);
  number.addEventListener("input", changed);
  if (!known) return {parts: [number], value};
  const slider = element("input", {type: "range", min: column.low,
    max: column.high, step: "any", value: middle,
    "aria-label": `${column.name}, slider`});
  slider.addEventListener("input", () => {
    number.value = Number(slider.valueAsNumber.toPrecision(4));
    changed();
  });
  number.addEventListener("input", () => { slider.value = number.value; });
  return {parts: [number, slider], value};
}

function choiceField(column, id, changed) {
  const choice = element("select", {id}, ...column.categories.map(
    category => element("option", {}, category)));
  choice.addEventListener("input", changed);
  const value = () => column.pair ? [choice.selectedIndex === 0 ? 1 : -1]
    : column.categories.map((_, k) => k === choice.selectedIndex ? 1 : 0);
  return {parts: [choice], value};
}

class RowForm {
  constructor(form, changed) {
    form.addEventListener("submit", event => event.preventDefault());
    this.fields = columnsOf().map((column, i) => {
      const make = column.categories ? choiceField : numberField;
      const field = make(column, `field-${i}`, changed);
      form.append(element("div", {class: "field"},
        element("label", {for: `field-${i}`}, column.name), ...field.parts));
      return {...field, name: column.name};
    });
  }

  // The first field without a number; undefined: all have one.
  get missing() {
    return this.fields.find(field => field.value().some(Number.isNaN))?.name;
  }

  get features() {
    return this.fields.flatMap(field => field.value());
  }
}

