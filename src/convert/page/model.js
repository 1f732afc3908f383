// ---- The model: facts and weights from elements of the page, and the outputs
// for features. Sums are in double precision; inputs are float32, as in C.

const facts = JSON.parse(document.getElementById("facts").textContent);

// A float32 array in base64, in an element of the page; null: there is none.
function readFloats(id) {
  const element = document.getElementById(id);
  if (element === null) return null;
  const text = atob(element.textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

const layers = facts.layers.map((layer, l) => ({
  ...layer,
  weights: readFloats(`weights-${l}`), // [in, out]
  bias: readFloats(`bias-${l}`),       // [out]
  slopes: readFloats(`slopes-${l}`),   // [out]
}));
const shifts = readFloats("shifts"); // [inputs], or null: facts.shift for all
const scales = readFloats("scales");

// A series of positive terms. Source: Abramowitz and Stegun 1964, 7.1.6.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

const activations = {
  "sigmoid": z => 1 / (1 + Math.exp(-z)),
  "tanh": Math.tanh,
  "relu": z => Math.max(z, 0),
  "step": z => z < 0 ? 0 : 1,
  "identity": z => z,
  "arctan": Math.atan,
  "leaky-relu": z => z < 0 ? 0.01 * z : z,
  "prelu": (z, slope) => z < 0 ? slope * z : z,
  "elu": z => z < 0 ? Math.expm1(z) : z,
  "exp": Math.exp,
  "softplus": z => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
  "silu": z => z / (1 + Math.exp(-z)),
  "gelu": z => z / 2 * (1 + erf(z / Math.SQRT2)),
};

function scaled(features) {
  return Float32Array.from(features, (x, i) => {
    const shift = shifts === null ? facts.shift : shifts[i];
    const scale = scales === null ? facts.scale : scales[i];
    const z = Math.fround(Math.fround(Math.fround(x) - shift) * scale);
    return facts.squeezed ? squeezed(z) : z;
  });
}

// Robust scaling: far values stay below 3.
function squeezed(z) {
  const held = Math.min(Math.max(z, -1e9), 1e9);
  return held / Math.sqrt(1 + (held / 3) ** 2);
}

function softmax(z) {
  const largest = z.reduce((a, b) => Math.max(a, b));
  const powers = z.map(x => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map(x => x / sum);
}

function forwardLayer(layer, x) {
  const z = Float64Array.from(layer.bias);
  for (let i = 0; i < layer.in; i++) {
    if (x[i] === 0) continue;
    for (let j = 0, at = i * layer.out; j < layer.out; j++, at++) {
      z[j] += x[i] * layer.weights[at];
    }
  }
  const f = activations[layer.activation];
  const a = z.map((value, j) => f(value, layer.slopes && layer.slopes[j]));
  return layer.softmax ? softmax(a) : a;
}

// The activations of each layer for features as they are in the data.
function forward(features) {
  let x = scaled(features);
  const all = layers.map(layer => (x = forwardLayer(layer, x)));
  if (facts.clip !== null) { // a number within the training rows' range
    const [least, largest] = facts.clip;
    all[all.length - 1] = x.map(y => Math.min(Math.max(y, least), largest));
  }
  return all;
}

// The index of the predicted class.
function classOf(outputs) {
  if (facts.binary) return outputs[0] >= 0.5 ? 1 : 0;
  return outputs.reduce((best, x, k) => x > outputs[best] ? k : best, 0);
}

globalThis.mlp = {
  facts,
  outputs: features => Array.from(forward(features)[layers.length - 1]),
};

