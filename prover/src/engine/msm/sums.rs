//! Sums of lists of points, by affine additions that share their inversions.
//!
//! Adding `(x1, y1)` and `(x2, y2)` takes the slope `l = (y2 - y1) / (x2 - x1)`; then
//! `x3 = l^2 - x1 - x2` and `y3 = l (x1 - x3) - y1`. Points of every list are added in pairs until
//! one is left of each; the divisions of a round are one inversion and three products each.

use ff::Field;
use halo2_proofs::halo2curves::bn256::Fq;

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

/// Points added at a time: their rounds stay in a core's own cache.
const SEGMENT: usize = 4096;

/// A pair whose slope exists, for lanes that have nothing to add.
const IDLE: [PointWords; 2] = [[0; 8], [1, 0, 0, 0, 0, 0, 0, 0]];

/// The sum of each list; `None` for an empty one. List `i` is `entries[starts[i]..starts[i + 1]]`.
pub fn sums<S: Simd<Base>>(
    s: S,
    table: &[PointWords],
    entries: &[Entry],
    starts: &[u32],
) -> Result<Vec<Option<PointWords>>, Exceptional> {
    let lists = starts.len().saturating_sub(1);
    let mut out = vec![None; lists];
    let mut work = Work::default();
    let mut list = 0;
    while list < lists {
        // As many whole lists as fill a segment; a longer list is cut and its parts added up later.
        let first = list;
        work.clear();
        while list < lists {
            let range = starts[list] as usize..starts[list + 1] as usize;
            if !work.points.is_empty() && work.points.len() + range.len() > SEGMENT {
                break;
            }
            if range.len() > SEGMENT {
                let mut parts = Vec::new();
                for part in entries[range].chunks(SEGMENT) {
                    let mut work = Work::default();
                    work.gather(s, table, part);
                    work.add_up(s)?;
                    parts.append(&mut work.points);
                }
                work.lengths.push(parts.len());
                work.points.append(&mut parts);
            } else {
                work.gather(s, table, &entries[range]);
            }
            list += 1;
        }
        work.add_up(s)?;
        let mut points = work.points.iter();
        for (out, length) in out[first..list].iter_mut().zip(&work.lengths) {
            if *length > 0 {
                *out = points.next().copied();
            }
        }
    }
    Ok(out)
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

/// The lists of a segment, one after the other.
#[derive(Default)]
struct Work {
    points: Vec<PointWords>,
    lengths: Vec<usize>,
    next: Vec<PointWords>,
    pairs: Vec<u32>,
    places: Vec<u32>,
}

impl Work {
    fn clear(&mut self) {
        self.points.clear();
        self.lengths.clear();
    }

    /// Appends a list.
    fn gather<S: Simd<Base>>(&mut self, s: S, table: &[PointWords], entries: &[Entry]) {
        self.lengths.push(entries.len());
        s.vectorize(
            #[inline(always)]
            || {
                for eight in entries.chunks(LANES) {
                    let at = |i: usize| eight.get(i).map_or(&IDLE[0], |entry| &table[entry.place()]);
                    let lanes = eight
                        .iter()
                        .enumerate()
                        .fold(0, |bits, (i, entry)| bits | u8::from(entry.negative()) << i);
                    if lanes == 0 {
                        self.points.extend(eight.iter().map(|entry| table[entry.place()]));
                        continue;
                    }
                    let (x, y) = s.load_points(std::array::from_fn(at));
                    let points = s.store_points(x, s.negate_where(y, lanes));
                    self.points.extend_from_slice(&points[..eight.len()]);
                }
            },
        );
    }

    /// Adds every list up to one point.
    fn add_up<S: Simd<Base>>(&mut self, s: S) -> Result<(), Exceptional> {
        let mut lengths = self.lengths.clone();
        while lengths.iter().any(|length| *length > 1) {
            self.pairs.clear();
            self.places.clear();
            self.next.clear();
            let mut from = 0;
            let mut to = 0;
            for length in &mut lengths {
                let half = length.div_ceil(2);
                for pair in 0..*length / 2 {
                    self.pairs.push((from + 2 * pair) as u32);
                    self.places.push((to + pair) as u32);
                }
                from += *length;
                to += half;
                *length = half;
            }
            self.next.resize(to, [0; 8]);
            // A point left over moves on as it is.
            let (mut from, mut to, mut pair) = (0, 0, 0);
            while to < self.next.len() {
                if self.places.get(pair) == Some(&(to as u32)) {
                    pair += 1;
                    from += 2;
                } else {
                    self.next[to] = self.points[from];
                    from += 1;
                }
                to += 1;
            }
            self.round(s)?;
            std::mem::swap(&mut self.points, &mut self.next);
        }
        Ok(())
    }

    /// `next[places[i]] = points[pairs[i]] + points[pairs[i] + 1]`.
    fn round<S: Simd<Base>>(&mut self, s: S) -> Result<(), Exceptional> {
        let Self {
            points,
            pairs,
            next,
            places,
            ..
        } = self;
        let one = s.import(&[Fq::ONE; LANES]);
        let mut pending: Vec<Pending<S::Wide>> = Vec::with_capacity(pairs.len().div_ceil(LANES));
        let product = s.vectorize(
            #[inline(always)]
            || {
                let mut product = s.load(&one);
                for eight in pairs.chunks(LANES) {
                    let at = |offset: usize| {
                        std::array::from_fn(|i| {
                            eight.get(i).map_or(&IDLE[offset], |pair| &points[*pair as usize + offset])
                        })
                    };
                    let (x1, y1) = s.load_points(at(0));
                    let (x2, y2) = s.load_points(at(1));
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
                let eights = places.chunks(LANES).zip(&pending).rev();
                for (eight, pair) in eights {
                    let run = s.sub_reduced(pair.x2, pair.x1);
                    let slope = s.mul(pair.rise, s.mul(inverse, pair.before));
                    inverse = s.mul(inverse, run);
                    let x = s.sub_reduced(s.sub_reduced(s.square(slope), pair.x1), pair.x2);
                    let x = s.reduce(x);
                    let y = s.mul(slope, s.sub_reduced(pair.x1, x));
                    let y = s.reduce(s.sub_reduced(y, pair.y1));
                    for (place, point) in eight.iter().zip(s.store_points(x, y)) {
                        next[*place as usize] = point;
                    }
                }
            },
        );
        Ok(())
    }
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
