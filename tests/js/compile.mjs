// From market.json, risk.json and a person's rows to integers, as docs/format.md says.

const FINE = 10n ** 18n;
const MICRO = 10n ** 6n;

const abs = (n) => (n < 0n ? -n : n);

/** An exact fraction with a divisor above zero. */
class Ratio {
  constructor(over, under = 1n) {
    [this.over, this.under] = under < 0n ? [-over, -under] : [over, under];
  }
  static of(text) {
    const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    return new Ratio(BigInt(sign + whole + fraction), 10n ** BigInt(fraction.length));
  }
  plus(other) {
    return new Ratio(this.over * other.under + other.over * this.under, this.under * other.under);
  }
  times(other) {
    return new Ratio(this.over * other.over, this.under * other.under);
  }
  by(other) {
    return new Ratio(this.over * other.under, this.under * other.over);
  }
  exact() {
    if (this.over % this.under !== 0n) throw new Error(`${this.over}/${this.under} is not whole`);
    return this.over / this.under;
  }
  floor() {
    const down = this.over < 0n && this.over % this.under !== 0n ? 1n : 0n;
    return this.over / this.under - down;
  }
  /** Nearest, half away from zero. */
  nearest() {
    const magnitude = (2n * abs(this.over) + this.under) / (2n * this.under);
    return this.over < 0n ? -magnitude : magnitude;
  }
}

const int = (n) => new Ratio(BigInt(n));

/** Symbols in row order, each with its integers and, under `terms`, its decimals. */
export function compileMarket(text) {
  const file = JSON.parse(text);
  const quote = Ratio.of(file.quote_quantum);
  const rows = [];
  const families = new Map();
  const first = (kind, family) => {
    const key = JSON.stringify([kind, family]);
    if (!families.has(key)) families.set(key, rows.length + 1);
    return families.get(key);
  };
  for (const asset of file.assets) {
    const [price, quantum] = [Ratio.of(asset.price), Ratio.of(asset.quantum)];
    const settlement = rows.length + 1;
    const value = price.times(quantum).by(quote).times(int(FINE)).exact();
    rows.push({
      id: asset.id, asset: true, first: first("asset", asset.coin ?? asset.id), settlement,
      mark: 0n, unit: value, terms: { price, quantum },
    });
    for (const instrument of file.instruments.filter((one) => one.settlement === asset.id)) {
      const [multiplier, lot] = [Ratio.of(instrument.multiplier), Ratio.of(instrument.lot)];
      const inverse = instrument.style === "inverse";
      const worth = (at) => {
        const face = multiplier.times(lot).by(quantum);
        return inverse ? -face.by(Ratio.of(at)).nearest() : face.times(Ratio.of(at)).exact();
      };
      const mark = worth(instrument.mark);
      rows.push({
        id: instrument.id, asset: false,
        first: first("instrument", instrument.contract ?? instrument.id), settlement, mark,
        unit: abs(instrument.basis ? worth(instrument.basis) : mark) * value,
        terms: { price, quantum, multiplier, lot, inverse },
      });
    }
  }
  return { quote, rows };
}

/** Segments `[floor, coefficient, jump]` of collateral tiers. */
function tiers(quote, weights) {
  let floor = 0n;
  return weights.map(({ up_to, ratio }) => {
    const segment = [floor, Ratio.of(ratio).times(int(MICRO)).exact(), 0n];
    if (up_to) floor = Ratio.of(up_to).by(quote).exact();
    return segment;
  });
}

/** Segments of a charge; a jump is what `cum` leaves of what a continuous charge takes off. */
function charge(quote, brackets) {
  if (!brackets) return [[0n, 0n, 0n]];
  let [lastRate, taken] = [0n, 0n];
  return brackets.map(({ floor, rate, cum }) => {
    const from = Ratio.of(floor).by(quote).exact();
    const slope = Ratio.of(rate).times(int(MICRO)).exact();
    const off = Ratio.of(cum).by(quote).times(int(MICRO)).exact();
    const jump = new Ratio(taken + (slope - lastRate) * from - off, MICRO).exact();
    [lastRate, taken] = [slope, off];
    return [from, slope, jump];
  });
}

export function compileModel(text, market) {
  const file = JSON.parse(text);
  const { quote, rows } = market;
  const rate = (decimal) => Ratio.of(decimal ?? "1").times(int(MICRO)).exact();
  const group = (id) => (id ? file.groups.findIndex((one) => one.id === id) + 1 : 0);
  const scaled = (decimal, lot) => lot.times(Ratio.of(decimal)).by(quote).nearest();
  const losses = (pnl, lot) =>
    Array.from({ length: file.scenarios }, (_, s) => (pnl ? -scaled(pnl[s], lot) : 0n));
  const symbols = rows.map(({ id, asset, terms }) => {
    if (asset) {
      const entry = file.assets.find((one) => one.id === id);
      const lot = entry.lot ? Ratio.of(entry.lot) : int(0);
      return {
        group: group(entry.group), lot: entry.group ? lot.by(terms.quantum).exact() : 0n,
        debt_weight: rate(entry.debt_weight), floor_long: 0n, floor_short: 0n,
        losses: losses(entry.pnl, lot),
        long: tiers(quote, entry.weights), short: charge(quote, entry.debt_brackets),
      };
    }
    const entry = file.instruments.find((one) => one.id === id);
    const lot = terms.lot.times(terms.price);
    return {
      group: group(entry.group), lot: 0n, debt_weight: 0n,
      floor_long: entry.floor ? scaled(entry.floor.long, lot) : 0n,
      floor_short: entry.floor ? scaled(entry.floor.short, lot) : 0n,
      losses: losses(entry.pnl, lot),
      long: charge(quote, entry.long_brackets ?? entry.brackets),
      short: charge(quote, entry.short_brackets ?? entry.brackets),
    };
  });
  return {
    salt: file.salt,
    floor_weights: file.floor_weights ?? Array(file.scenarios).fill(0),
    groups: file.groups.map((one) => [rate(one.maintenance_factor), rate(one.initial_factor)]),
    symbols,
  };
}

/** A pool's holdings `[row, amount]` from a person's rows. */
export function compilePool(given, market) {
  const place = (symbol) => market.rows.findIndex(({ id }) => id === symbol);
  const held = new Map();
  const bases = new Map();
  for (const { symbol, quantity, entry_price, cost } of given) {
    const { asset, settlement, terms } = market.rows[place(symbol)];
    let paid = Ratio.of(quantity).times(int(-1));
    if (!asset) {
      held.set(place(symbol) + 1, Ratio.of(quantity).by(terms.lot).exact());
      const amount = Ratio.of(quantity).times(terms.multiplier);
      if (cost) paid = Ratio.of(cost);
      else if (terms.inverse) paid = amount.by(Ratio.of(entry_price)).times(int(-1));
      else paid = amount.times(Ratio.of(entry_price));
    }
    const sum = bases.get(settlement) ?? int(0);
    bases.set(settlement, sum.plus(paid.times(int(-1))));
  }
  for (const [row, base] of bases) {
    held.set(row, base.by(market.rows[row - 1].terms.quantum).floor());
  }
  return [...held].sort(([a], [b]) => a - b);
}
