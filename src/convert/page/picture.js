// ---- Pictures on the model's grid, step by step as mlp predict does it
// (src/image/resize.c, src/image/center.c): {height, width, channels, pixels}.

const INK_MIN = 64; // of 255; less is paper or camera noise

function newPicture(height, width, channels) {
  const pixels = new Uint8Array(height * width * channels);
  return {height, width, channels, pixels};
}

// From the pixels of a canvas, [height, width, RGBA], which are opaque.
function pictureOf({height, width, data}, channels) {
  const picture = newPicture(height, width, channels);
  for (let i = 0; i < height * width; i++) {
    const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
    if (channels === 3) {
      picture.pixels.set([red, green, blue], 3 * i);
    } else { // ITU-R BT.601
      picture.pixels[i] =
        Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000);
    }
  }
  return picture;
}

function inverted(picture) {
  return {...picture, pixels: picture.pixels.map(value => 255 - value)};
}

// The pixels of a line that make up one pixel of the new line: the triangle
// around it, truncated at the ends of the line.
function tapsOf(to, fromCount, scale) {
  const most = 3 + 2 * Math.floor(Math.max(scale, 1));
  const reach = Math.max(scale, 1);
  const center = (to + 0.5) * scale - 0.5;
  const first = Math.max(Math.floor(center - reach), 0);
  const weights = [];
  let sum = 0;
  for (let s = first; s < fromCount && weights.length < most; s++) {
    const weight = 1 - Math.abs(s - center) / reach;
    if (weight <= 0 && sum > 0) break;
    weights.push(Math.max(weight, 0));
    sum += Math.max(weight, 0);
  }
  return {first, weights: weights.map(weight => weight / sum)};
}

function filterOf(from, to) {
  return Array.from({length: to}, (_, i) => tapsOf(i, from, from / to));
}

function sumOf(taps, valueAt) {
  return taps.weights.reduce((sum, w, s) => sum + w * valueAt(taps.first + s),
    0);
}

// First along rows, then along columns.
function resized(picture, height, width) {
  const {channels, pixels} = picture;
  const along = filterOf(picture.width, width);
  const down = filterOf(picture.height, height);
  const samples = width * channels;
  const lines = new Float64Array(picture.height * samples);
  for (let y = 0; y < picture.height; y++) {
    const row = y * picture.width * channels;
    for (let i = 0; i < samples; i++) {
      lines[y * samples + i] = sumOf(along[Math.floor(i / channels)],
        s => pixels[row + s * channels + i % channels]);
    }
  }
  const result = newPicture(height, width, channels);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < samples; i++) {
      const sum = sumOf(down[y], s => lines[s * samples + i]);
      result.pixels[y * samples + i] = sum < 254.5 ? sum + 0.5 : 255;
    }
  }
  return result;
}

// The bounding box of the ink, as a picture; null: there is none.
function croppedToInk({height, width, pixels}) {
  let top = height, bottom = 0, left = width, right = 0;
  for (let i = 0; i < height * width; i++) {
    if (pixels[i] < INK_MIN) continue;
    const x = i % width, y = Math.floor(i / width);
    top = Math.min(top, y);
    bottom = y + 1;
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
  }
  if (bottom === 0) return null;
  const part = newPicture(bottom - top, right - left, 1);
  for (let y = 0; y < part.height; y++) {
    const from = (top + y) * width + left;
    part.pixels.set(pixels.subarray(from, from + part.width), y * part.width);
  }
  return part;
}

// Where to put the digit, so that its center of mass is that of the grid.
function placeOf(center, length, grid) {
  const begin = Math.floor(grid / 2 - center + 0.5);
  return Math.max(Math.min(begin, grid - length), 0);
}

function paste(digit, grid) {
  let mass = 0, down = 0, across = 0;
  digit.pixels.forEach((ink, i) => {
    mass += ink;
    down += ink * (Math.floor(i / digit.width) + 0.5);
    across += ink * (i % digit.width + 0.5);
  });
  const top = placeOf(mass > 0 ? down / mass : 0, digit.height, grid.height);
  const left = placeOf(mass > 0 ? across / mass : 0, digit.width, grid.width);
  for (let y = 0; y < digit.height; y++) {
    grid.pixels.set(
      digit.pixels.subarray(y * digit.width, (y + 1) * digit.width),
      (top + y) * grid.width + left);
  }
}

// Scaled to five sevenths of the grid, 20 of 28 pixels, and centered.
function centered(picture, height, width) {
  const grid = newPicture(height, width, 1);
  const part = croppedToInk(picture);
  if (part === null) return grid;
  const factor = Math.min(5 / 7 * height / part.height,
    5 / 7 * width / part.width);
  const length = pixels => Math.max(Math.floor(pixels * factor + 0.5), 1);
  paste(resized(part, length(part.height), length(part.width)), grid);
  return grid;
}

// Whether the edge pixels are light, as on paper.
function hasLightEdges({height, width, channels, pixels}) {
  const at = (y, x) => pixels[(y * width + x) * channels];
  let sum = 0;
  for (let x = 0; x < width; x++) sum += at(0, x) + at(height - 1, x);
  for (let y = 0; y < height; y++) sum += at(y, 0) + at(y, width - 1);
  return sum > 170 * 2 * (height + width);
}

// White is the largest value of the training data.
function featuresOf(picture) {
  const white = facts.picture.white;
  return Float32Array.from(picture.pixels,
    value => Math.fround(value * white) / 255);
}

