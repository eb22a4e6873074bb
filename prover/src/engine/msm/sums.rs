//! Sums of lists of points, by affine additions that share their inversions.
//!
//! Adding `(x1, y1)` and `(x2, y2)` takes the slope `l = (y2 - y1) / (x2 - x1)`; then
//! `x3 = l^2 - x1 - x2` and `y3 = l (x1 - x3) - y1`. Points of every list are added in pairs until
//! one is left of each; the divisions of a round are one inversion and three products each.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fq;
use prefetch_index::prefetch_index;

use crate::engine::simd::{Base, Block, PointWords, Simd, LANES};

/// A sum met a point of the same abscissa: twice the same, or its negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceptional;

/// A point of a table, or its negative.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry(u32);

impl Entry {
    /// The point at `place`, negated if asked.
    pub fn new(place: usize, negative: bool) -> Self {
        Self((place as u32) << 1 | u32::from(negative))
    }

    fn place(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn negative(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Points of a table in lists, one list after the other.
#[derive(Debug)]
pub struct Lists {
    entries: Vec<Entry>,
    /// List `i` is `entries[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
}

impl Lists {
    /// So many lists, of entries that come with the list they belong to.
    pub fn new(count: usize, listed: impl Iterator<Item = (usize, Entry)> + Clone) -> Self {
        let mut starts = vec![0u32; count + 1];
        for (list, _) in listed.clone() {
            starts[list + 1] += 1;
        }
        for list in 0..count {
            starts[list + 1] += starts[list];
        }
        let mut next = starts.clone();
        let mut entries = vec![Entry::default(); starts[count] as usize];
        for (list, entry) in listed {
            let place = &mut next[list];
            entries[*place as usize] = entry;
            *place += 1;
        }
        Self { entries, starts }
    }

    /// Another list, of one entry.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        self.starts.push(self.entries.len() as u32);
    }

    /// The sum of each list; `None` for an empty one.
    pub fn sums<S: Simd<Base>>(
        &self,
        s: S,
        table: &[PointWords],
    ) -> Result<Vec<Option<PointWords>>, Exceptional> {
        sums(s, table, &self.entries, &self.starts)
    }
}

/// Points added at a time: their rounds stay in a core's own cache.
const SEGMENT: usize = 4096;

/// How many points ahead of their use a table is asked for them.
const AHEAD: usize = 6 * LANES;

/// A pair whose slope exists, for lanes that have nothing to add.
const IDLE: [PointWords; 2] = [PointWords([0; 8]), PointWords([1, 0, 0, 0, 0, 0, 0, 0])];

/// The sum of each list; `None` for an empty one. List `i` is `entries[starts[i]..starts[i + 1]]`.
pub fn sums<S: Simd<Base>>(
    s: S,
    table: &[PointWords],
    entries: &[Entry],
    starts: &[u32],
) -> Result<Vec<Option<PointWords>>, Exceptional> {
    let lists = starts.len().saturating_sub(1);
    let at = |list: usize| starts[list] as usize;
    let mut out = vec![None; lists];
    let mut work = Work::default();
    let mut list = 0;
    while list < lists {
        let first = list;
        list += 1;
        if at(list) - at(first) > SEGMENT {
            out[first] = long(s, table, &entries[at(first)..at(list)], &mut work)?;
            continue;
        }
        // As many whole lists as fill a segment.
        while list < lists && at(list + 1) - at(first) <= SEGMENT {
            list += 1;
        }
        let lengths = (first..list).map(|list| at(list + 1) - at(list)).collect();
        let points = work.add_up(s, table, &entries[at(first)..at(list)], lengths)?;
        let mut points = points.iter();
        for (list, out) in (first..list).zip(&mut out[first..list]) {
            if at(list + 1) > at(list) {
                *out = points.next().copied();
            }
        }
    }
    Ok(out)
}

/// The sum of one list that is longer than a segment: part by part, and the parts.
fn long<S: Simd<Base>>(
    s: S,
    table: &[PointWords],
    entries: &[Entry],
    work: &mut Work,
) -> Result<Option<PointWords>, Exceptional> {
    let mut parts = Vec::new();
    for part in entries.chunks(SEGMENT) {
        parts.extend_from_slice(work.add_up(s, table, part, vec![part.len()])?);
    }
    let all: Vec<Entry> = (0..parts.len())
        .map(|place| Entry::new(place, false))
        .collect();
    if all.len() > SEGMENT {
        return long(s, &parts, &all, work);
    }
    let length = vec![all.len()];
    Ok(work.add_up(s, &parts, &all, length)?.first().copied())
}

/// Eight pairs half added.
#[derive(Clone, Copy)]
struct Pending<W> {
    x1: W,
    x2: W,
    y1: W,
    rise: W,
    before: W,
}

/// Room for a segment's rounds.
#[derive(Default)]
struct Work {
    points: Vec<PointWords>,
    next: Vec<PointWords>,
    pairs: Vec<Pair>,
    /// Points that are left over in a round.
    single: Vec<Pair>,
}

/// Two neighbours, and where their sum goes; or a point, and where it goes.
#[derive(Clone, Copy)]
struct Pair {
    from: u32,
    to: u32,
}

impl Work {
    /// Adds every list up to one point: `lengths` of the entries, one list after the other.
    fn add_up<S: Simd<Base>>(
        &mut self,
        s: S,
        table: &[PointWords],
        entries: &[Entry],
        mut lengths: Vec<usize>,
    ) -> Result<&[PointWords], Exceptional> {
        // The first round reads the table itself.
        self.round(s, &mut lengths, &Listed { table, entries })?;
        std::mem::swap(&mut self.points, &mut self.next);
        while lengths.iter().any(|length| *length > 1) {
            let points = std::mem::take(&mut self.points);
            self.round(s, &mut lengths, points.as_slice())?;
            self.points = std::mem::replace(&mut self.next, points);
        }
        Ok(&self.points)
    }

    /// Adds the points of every list in pairs, and moves on those that are left over.
    fn round<S: Simd<Base>>(
        &mut self,
        s: S,
        lengths: &mut [usize],
        source: &(impl Source + ?Sized),
    ) -> Result<(), Exceptional> {
        self.pair(lengths);
        add(s, &self.pairs, source, &mut self.next)?;
        // After the pairs, when all points of the round are at hand.
        move_on(s, &self.single, source, &mut self.next);
        Ok(())
    }

    /// Pairs the points of every list.
    fn pair(&mut self, lengths: &mut [usize]) {
        self.pairs.clear();
        self.single.clear();
        let (mut from, mut to) = (0, 0);
        for length in lengths {
            for _ in 0..*length / 2 {
                self.pairs.push(Pair { from, to });
                from += 2;
                to += 1;
            }
            if *length % 2 == 1 {
                self.single.push(Pair { from, to });
                from += 1;
                to += 1;
            }
            *length = length.div_ceil(2);
        }
        self.next.clear();
        self.next.resize(to as usize, PointWords::default());
    }
}

/// `next[to] = point(from)` for every single point.
fn move_on<S: Simd<Base>, P: Source + ?Sized>(
    s: S,
    single: &[Pair],
    source: &P,
    next: &mut [PointWords],
) {
    let mut negative: Vec<usize> = Vec::new();
    for Pair { from, to } in single {
        let (point, sign) = source.point(*from as usize);
        next[*to as usize] = *point;
        if sign {
            negative.push(*to as usize);
        }
    }
    s.vectorize(
        #[inline(always)]
        || {
            for eight in negative.chunks(LANES) {
                let mut points = [&IDLE[1]; LANES];
                for (point, place) in points.iter_mut().zip(eight) {
                    *point = &next[*place];
                }
                let (x, y) = s.load_points(points);
                let negated = s.store_points(x, s.negate_where(y, u8::MAX));
                for (place, point) in eight.iter().zip(negated) {
                    next[*place] = point;
                }
            }
        },
    );
}

/// Points of a round, one list after the other.
trait Source {
    /// Whether any point is to be negated.
    const SIGNED: bool;

    /// A point, and whether it is to be negated.
    fn point(&self, index: usize) -> (&PointWords, bool);

    /// Asks the machine to have a point at hand soon.
    fn expect(&self, index: usize);
}

/// Points of a table.
struct Listed<'a> {
    table: &'a [PointWords],
    entries: &'a [Entry],
}

impl Source for Listed<'_> {
    const SIGNED: bool = true;

    #[inline(always)]
    fn point(&self, index: usize) -> (&PointWords, bool) {
        let entry = self.entries[index];
        (&self.table[entry.place()], entry.negative())
    }

    #[inline(always)]
    fn expect(&self, index: usize) {
        if let Some(entry) = self.entries.get(index) {
            prefetch_index(self.table, entry.place());
        }
    }
}

impl Source for [PointWords] {
    const SIGNED: bool = false;

    #[inline(always)]
    fn point(&self, index: usize) -> (&PointWords, bool) {
        (&self[index], false)
    }

    #[inline(always)]
    fn expect(&self, _: usize) {}
}

/// The first or second points of eight pairs.
#[inline(always)]
fn eight_points<S: Simd<Base>, P: Source + ?Sized>(
    s: S,
    source: &P,
    pairs: &[Pair],
    offset: usize,
) -> (S::Wide, S::Wide) {
    let mut negative = 0;
    let mut points = [&IDLE[offset]; LANES];
    for (i, pair) in pairs.iter().enumerate() {
        let (point, sign) = source.point(pair.from as usize + offset);
        points[i] = point;
        negative |= u8::from(sign) << i;
    }
    let (x, y) = s.load_points(points);
    (
        x,
        if P::SIGNED {
            s.negate_where(y, negative)
        } else {
            y
        },
    )
}

/// `next[to] = point(from) + point(from + 1)` for every pair.
fn add<S: Simd<Base>, P: Source + ?Sized>(
    s: S,
    pairs: &[Pair],
    source: &P,
    next: &mut [PointWords],
) -> Result<(), Exceptional> {
    let one = s.import(&[Fq::ONE; LANES]);
    let mut pending: Vec<Pending<S::Wide>> = Vec::with_capacity(pairs.len().div_ceil(LANES));
    let product = s.vectorize(
        #[inline(always)]
        || {
            let mut product = s.load(&one);
            for eight in pairs.chunks(LANES) {
                // Lists stand one after the other, so what comes soon is known.
                let soon = eight[0].from as usize + AHEAD;
                for index in soon..soon + 2 * LANES {
                    source.expect(index);
                }
                let (x1, y1) = eight_points(s, source, eight, 0);
                let (x2, y2) = eight_points(s, source, eight, 1);
                pending.push(Pending {
                    x1,
                    x2,
                    y1,
                    rise: s.sub_reduced(y2, y1),
                    before: product,
                });
                product = s.mul(product, s.sub_reduced(x2, x1));
            }
            s.store(product)
        },
    );
    let inverse = invert(s, &product)?;
    s.vectorize(
        #[inline(always)]
        || {
            let mut inverse = s.load(&inverse);
            for (eight, pair) in pairs.chunks(LANES).zip(&pending).rev() {
                let run = s.sub_reduced(pair.x2, pair.x1);
                let slope = s.mul(pair.rise, s.mul(inverse, pair.before));
                inverse = s.mul(inverse, run);
                let x = s.sub_both(s.square(slope), pair.x1, pair.x2);
                let y = s.mul(slope, s.sub_reduced(pair.x1, x));
                let y = s.sub_narrow(y, pair.y1);
                for (pair, point) in eight.iter().zip(s.store_points(x, y)) {
                    next[pair.to as usize] = point;
                }
            }
        },
    );
    Ok(())
}

/// The inverses of eight elements, by one inversion.
fn invert<S: Simd<Base>>(s: S, block: &Block) -> Result<Block, Exceptional> {
    let elements = s.export(block);
    let mut before = [Fq::ONE; LANES];
    let mut product = Fq::ONE;
    for (before, element) in before.iter_mut().zip(&elements) {
        *before = product;
        product *= element;
    }
    let mut inverse = Option::<Fq>::from(product.invert()).ok_or(Exceptional)?;
    let mut out = [Fq::ZERO; LANES];
    for i in (0..LANES).rev() {
        out[i] = inverse * before[i];
        inverse *= elements[i];
    }
    Ok(s.import(&out))
}

#[cfg(test)]
mod tests;
