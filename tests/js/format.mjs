// Recomputes every vector of docs/format.md: node format.mjs FIXTURE
// Nothing here is ours but the page: Poseidon is poseidon-lite's, SHA-256 is node's.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { poseidon8 } from "poseidon-lite/poseidon8";
import { compileMarket, compileModel, compilePool } from "./compile.mjs";

const P = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const fixture = JSON.parse(readFileSync(process.argv[2], "utf8"));

const hex = (element) => (((element % P) + P) % P).toString(16).padStart(64, "0");
const element = (text) => BigInt("0x" + text);
const bytes = (buffer) => BigInt("0x" + (buffer.toString("hex") || "0"));
const sha256 = (data) => createHash("sha256").update(data).digest();
const hash = (inputs) => poseidon8(inputs);
const tag = (name) => bytes(Buffer.from(`zkmargin ${name} v1`, "ascii"));
const halves = (digest) => [bytes(digest.subarray(0, 16)), bytes(digest.subarray(16))];
const padded = (list, length, filler) =>
  Array.from({ length }, (_, i) => (i < list.length ? list[i] : filler));
const chunks = (list, size) =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

let compared = 0;
/** Compares as JSON, integers as decimal strings and small ones alike. */
function same(what, expected, found) {
  const plain = (value) => {
    if (typeof value === "bigint" || typeof value === "number") return value.toString();
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, plain(value[key])]));
  };
  const [a, b] = [expected, found].map((value) => JSON.stringify(plain(value)));
  if (a !== b) throw new Error(`${what}: expected ${a}, found ${b}`);
  compared += 1;
}

/** Fields `[value, bits]`, the first lowest. */
function pack(fields) {
  let [total, shift] = [0n, 0n];
  for (const [value, bits] of fields) {
    if (BigInt(value) < 0n || BigInt(value) >> BigInt(bits) !== 0n) throw new Error(`${value} is not of ${bits} bits`);
    total += BigInt(value) << shift;
    shift += BigInt(bits);
  }
  return total;
}
const signed = (value, bits = 64) => [BigInt(value) + (1n << BigInt(bits - 1)), bits];

// Identities, holdings, leaves

const identity = (id) => bytes(sha256(Buffer.from(id, "utf8")).subarray(0, 31));
const packHolding = (bits, [row, amount]) =>
  (BigInt(row) << BigInt(bits)) + BigInt(amount) + (1n << BigInt(bits - 1));
const CLASS = { customer: 0n, house: 8n, fund: 16n };

function holdingElements(bits, holdings) {
  const width = bits === 64 ? 3 : 2;
  const elements = chunks(holdings, width).map((some) =>
    some.reduce((sum, one, i) => sum + (packHolding(bits, one) << BigInt(i * (bits + 16))), 0n));
  return padded(elements, 4, 0n);
}

function leaf({ money_bits, account, class: name, pools, salts }) {
  let state = tag("leaf");
  const left = salts.map(element);
  pools.forEach((holdings, p) => {
    const blocks = chunks(holdings, 8);
    blocks.forEach((some, b) => {
      const poolEnd = b + 1 === blocks.length;
      const accountEnd = poolEnd && p + 1 === pools.length;
      const header = 1n + (poolEnd ? 2n : 0n) + (accountEnd ? 4n : 0n) + CLASS[name];
      const who = accountEnd ? identity(account) : 0n;
      state = hash([state, ...holdingElements(money_bits, some), header, who, left.shift()]);
    });
  });
  if (left.length) throw new Error("salts are left over");
  return state;
}

// Tree

function above(level) {
  return chunks(level, 8).map((family) => hash(padded(family, 8, 0n)));
}

function rootFromPath(value, slot, path) {
  for (const siblings of path) {
    const family = siblings.map(element);
    family.splice(slot % 8, 0, value);
    value = hash(family);
    slot = Math.floor(slot / 8);
  }
  return value;
}

// Market and model

const lossesARow = (shape) => shape.scenarios / shape.segments;
const beside = (shape) => lossesARow(shape) === 1 && shape.money_bits === 64;
const chain = (name, elements) =>
  chunks(elements, 7).reduce((state, some) => hash(padded([state, ...some], 8, 0n)), tag(name));

function marketElements(shape, file, rows) {
  const one = (row) => pack([
    [row?.asset ? 1 : 0, 1], [row && !row.asset ? 1 : 0, 1], [row?.first ?? 0, 16],
    [row?.settlement ?? 0, 16], signed(row?.mark ?? 0), [row?.unit ?? 0, 112],
  ]);
  return [...halves(sha256(file)), ...padded(rows, shape.symbols, undefined).map(one)];
}

function symbolRows(shape, entry) {
  const rows = [];
  const push = (list, long, short) =>
    list.forEach(([floor, coefficient, jump]) => rows.push({ long, short, floor, coefficient, jump }));
  if (entry) {
    const flat = (list) => list.map(String).join(";");
    const shared = flat(entry.long) === flat(entry.short);
    push(entry.long, 1, shared ? 1 : 0);
    if (!shared) push(entry.short, 0, 1);
  }
  if (rows.length > shape.segments) throw new Error("too many segments");
  return padded(rows, shape.segments, { long: 0, short: 0, floor: 0, coefficient: 0, jump: 0 });
}

function modelElements(shape, file, model) {
  const width = lossesARow(shape);
  const salt = model.salt === null ? 0n
    : bytes(sha256(/^([0-9a-fA-F]{2})*$/.test(model.salt) ? Buffer.from(model.salt, "hex") : model.salt).subarray(0, 31));
  const elements = [...halves(sha256(file)), salt];
  for (const bits of chunks(padded(model.floor_weights, shape.scenarios, 0), width)) {
    elements.push(pack(bits.map((bit) => [bit, 1])));
  }
  for (const factors of [[1000000, 1000000], ...padded(model.groups, shape.groups, [0, 0])]) {
    elements.push(pack(factors.map((factor) => [factor, 32])));
  }
  for (const entry of padded(model.symbols, shape.symbols, undefined)) {
    elements.push(entry ? pack([
      [entry.group, 16], [entry.lot > 0n ? 1 : 0, 1], [entry.lot, 64], [entry.debt_weight, 32],
      [entry.floor_long, 64], [entry.floor_short, 64],
    ]) : 0n);
    const losses = chunks(padded(entry?.losses ?? [], shape.scenarios, 0n), width);
    symbolRows(shape, entry).forEach((row, i) => {
      const segment = [[row.long, 1], [row.short, 1], [row.floor, shape.money_bits],
        [row.coefficient, 32], [row.jump, shape.money_bits]];
      if (beside(shape)) elements.push(pack([...segment, signed(losses[i][0])]));
      else elements.push(pack(segment), ...chunks(losses[i], 4).map((some) => pack(some.map((loss) => signed(loss, 63)))));
    });
  }
  return elements;
}

// Sizes of a shape

function sizes({ k, symbols, groups, segments, ...shape }) {
  const rows = 2 ** k - 24;
  const a_row = beside({ segments, ...shape }) ? 1 : 1 + Math.ceil(lossesARow({ segments, ...shape }) / 4);
  const market_elements = 2 + symbols;
  const model_elements = 3 + segments + (groups + 1) + symbols * (1 + segments * a_row);
  const digests = Math.ceil(market_elements / 7) + Math.ceil(model_elements / 7) + 1;
  const table = (1 + symbols) * segments + (groups + 1) + 1;
  const nodes = (level) => { // of the tree above
    let total = 0;
    do { level = Math.ceil(level / 8); total += level; } while (level > 1);
    return total;
  };
  let capacity = Math.floor(rows / 8);
  while (16 * (nodes(capacity) + digests) > rows || 8 * capacity + table > rows) capacity -= 1;
  return { market_elements, model_elements, capacity, total_rows: 6 * symbols + 27 };
}

function instanceColumn(given) {
  return [...halves(sha256(given.statement)), BigInt(given.shard), BigInt(given.shards),
    ...["market", "model", "root", "counts"].map((name) => element(given[name]))];
}

function totalsColumn(shape, given) {
  const column = Array(6 * shape.symbols + 27).fill(0n);
  const pole = (which, row) => which * shape.symbols + row - 1;
  for (const { row, claims_and_debts } of given.coins) {
    claims_and_debts.forEach(([claims, debts], cls) => {
      column[pole(2 * cls, row)] = BigInt(claims);
      column[pole(2 * cls + 1, row)] = BigInt(debts);
    });
  }
  for (const { row, net, long } of given.contracts) {
    column[pole(0, row)] = BigInt(net);
    column[pole(1, row)] = BigInt(long);
  }
  given.scalars.flat().forEach((value, i) => { column[column.length - 1 - i] = BigInt(value); });
  return column;
}

// The opening of the totals

const mod = (value) => ((value % P) + P) % P;
function power(base, exponent) {
  let result = 1n;
  for (base = mod(base); exponent > 0n; exponent >>= 1n, base = mod(base * base)) if (exponent & 1n) result = mod(result * base);
  return result;
}
const inverse = (value) => power(value, P - 2n);
const little = (value) => { // 32 bytes
  const bytes = Buffer.from(value.toString(16).padStart(64, "0"), "hex");
  return bytes.reverse();
};
const fromLittle = (bytes) => BigInt("0x" + Buffer.from(bytes).reverse().toString("hex"));

function openingPoint(given) {
  const count = Buffer.alloc(8);
  count.writeBigUInt64LE(BigInt(given.commitments.length));
  const digest = createHash("sha512").update("zkmargin totals v1").update(sha256(given.statement)).update(count);
  for (const commitment of given.commitments) digest.update(Buffer.from(commitment, "hex"));
  for (const free of given.free) digest.update(little(element(free)));
  return mod(fromLittle(digest.digest()));
}

function valueAt(shape, column, free, z) {
  const n = 2n ** BigInt(shape.k);
  const omega = power(7n, (P - 1n) / n);
  const from = (start, count) => Array.from({ length: count }, (_, i) => start + i);
  const rows = [...from(0, column.length + 16), ...from(2 ** shape.k - 24, 24)];
  const cells = [...column, ...free];
  const sum = rows.reduce((sum, row, i) => {
    const at = power(omega, BigInt(row));
    return mod(sum + at * mod(cells[i]) % P * inverse(z - at));
  }, 0n);
  return mod(sum * (power(z, n) - 1n) % P * inverse(n));
}

// Every vector

for (const { inputs, hash: expected } of fixture.poseidon) same("poseidon", expected, hex(hash(inputs.map(element))));
for (const { name, element: expected } of fixture.tags) same(name, expected, hex(bytes(Buffer.from(name, "ascii"))));
for (const { id, element: expected } of fixture.identities) same(`identity ${id}`, expected, hex(identity(id)));
for (const { money_bits, holding, packed } of fixture.holdings) same(`holding ${holding}`, packed, hex(packHolding(money_bits, holding)));
for (const account of fixture.leaves) same(`leaf of ${account.account}`, account.leaf, hex(leaf(account)));

const { unused, scanning } = fixture.slots;
same("unused slot", unused.hash, hex(hash([tag("leaf"), 0n, 0n, 0n, 0n, 7n, 0n, element(unused.salt)])));
same("scanning slot", scanning.hash,
  hex(hash([element(scanning.state), 0n, 0n, 0n, 0n, CLASS[scanning.class], 0n, element(scanning.salt)])));

const { tree } = fixture;
let level = tree.slots.map(element);
do level = above(level); while (level.length > 1);
same("root", tree.root, hex(level[0]));
for (const { slot, path } of tree.paths) same(`path of ${slot}`, tree.root, hex(rootFromPath(element(tree.slots[slot]), slot, path)));

const { shards } = fixture;
level = shards.roots.map(element);
do level = above(level); while (level.length > 1);
same("root of the shards", shards.root, hex(level[0]));
{
  // Levels within a shard, then those above: the place is counted anew where the shard's root stands.
  let levels = 0;
  for (let nodes = shards.capacity; nodes > 1; nodes = Math.ceil(nodes / 8)) levels += 1;
  const within = rootFromPath(element(shards.leaf), shards.slot % shards.capacity, shards.path.slice(0, levels));
  const shard = Math.floor(shards.slot / shards.capacity);
  same("a shard's root", shards.roots[shard], hex(within));
  same("path through the shards", shards.root, hex(rootFromPath(within, shard, shards.path.slice(levels))));
}

const shapes = new Map(fixture.shapes.map((shape) => [shape.name, shape]));
for (const shape of shapes.values()) {
  for (const [name, found] of Object.entries(sizes(shape))) same(`${shape.name}.${name}`, shape[name], found);
}

const market = compileMarket(fixture.market.file);
same("symbols", fixture.market.symbols, market.rows.map(({ terms, ...row }) => row));
for (const { rows, holdings } of fixture.bases) same("holdings of a pool", holdings, compilePool(rows, market));
for (const book of fixture.books) {
  const shape = shapes.get(book.shape);
  const { salt, ...integers } = compileModel(book.risk_file, market);
  same(`${book.shape}: model`, book.model, integers);
  const ofMarket = marketElements(shape, fixture.market.file, market.rows);
  const ofModel = modelElements(shape, book.risk_file, { salt, ...integers });
  if (book.market_elements) same(`${book.shape}: market elements`, book.market_elements, ofMarket.map(hex));
  if (book.model_elements) same(`${book.shape}: model elements`, book.model_elements, ofModel.map(hex));
  same(`${book.shape}: market digest`, book.market_digest, hex(chain("market", ofMarket)));
  same(`${book.shape}: model digest`, book.model_digest, hex(chain("model", ofModel)));
}

const { counts, instance, totals } = fixture;
same("counts", counts.digest,
  hex(hash([tag("counts"), element(counts.salt), BigInt(counts.accounts), BigInt(counts.pools), 0n, 0n, 0n, 0n])));
same("instance", instance.column, instanceColumn(instance).map(hex));
{
  const shape = shapes.get(totals.shape);
  const column = totalsColumn(shape, totals);
  same("totals", totals.column, column.map(hex));
  const z = openingPoint(totals);
  same("point of the totals' opening", totals.point, hex(z));
  same("value of the totals' opening", totals.value, hex(valueAt(shape, column, totals.free.map(element), z)));
}

console.log(`${compared} vectors agree`);
