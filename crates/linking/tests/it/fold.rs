//! Tables over every combination of classes of facts: counted, summed up in a checksum, and folded for people to read.

use linking::{Decision, Reason};
use model::Change;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::mem::Discriminant;

/// An axis and its values, in the order they are counted in.
pub type Axes = &'static [(&'static str, &'static [&'static str])];

pub fn size(axes: Axes) -> usize {
    axes.iter().map(|(_, values)| values.len()).product()
}

/// The place of a class in the order of all.
pub fn number(axes: Axes, class: &[usize]) -> usize {
    class.iter().zip(axes).fold(0, |number, (value, (_, values))| number * values.len() + value)
}

pub fn class_of(axes: Axes, mut number: usize) -> Vec<usize> {
    let mut class = vec![0; axes.len()];
    for (value, (_, values)) in class.iter_mut().zip(axes).rev() {
        *value = number % values.len();
        number /= values.len();
    }
    class
}

pub fn described(axes: Axes, class: &[usize]) -> String {
    let named: Vec<String> =
        axes.iter().zip(class).map(|((axis, of), value)| format!("{axis}={}", of[*value])).collect();
    named.join(" ")
}

/// What a decision came to: as the document says it, and which kinds of change it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub row: Option<u8>,
    pub writes: Vec<String>,
}

impl Said {
    /// `StepUpFirst` becomes "step up first: step_up_needed".
    pub fn of<O: Debug>(decision: &Decision<O>) -> Self {
        Self::with(&words(&first_name(&decision.outcome)), decision)
    }

    pub fn with<O>(outcome: &str, decision: &Decision<O>) -> Self {
        let writes = decision.plan.changes.iter().map(first_name).collect();
        Self { text: text(outcome, decision.reason), row: decision.row, writes }
    }
}

pub fn text(outcome: &str, reason: Reason) -> String {
    format!("{outcome}: `{}`", reason.code())
}

pub fn kinds(plan: &model::Plan) -> Vec<Discriminant<Change>> {
    plan.changes.iter().map(std::mem::discriminant).collect()
}

/// The name of a variant: the first word of what it shows, without showing the rest.
fn first_name(value: &impl Debug) -> String {
    struct Word(String);
    impl std::fmt::Write for Word {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let word = text.find([' ', '(', '{']);
            self.0.push_str(&text[..word.unwrap_or(text.len())]);
            if word.is_some() { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    let mut word = Word(String::new());
    // The error is how it stops.
    let _ = write!(word, "{value:?}");
    word.0
}

fn words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

/// One decision over all its classes.
pub struct Table {
    axes: Axes,
    said: Vec<Said>,
    of_class: Vec<u16>,
}

impl Table {
    /// Decides every class. What broke an invariant is said with the class it broke in.
    pub fn of(axes: Axes, mut decide: impl FnMut(&[usize]) -> Result<Said, String>) -> Self {
        let mut said: Vec<Said> = Vec::new();
        let mut of_class = Vec::new();
        for number in 0..size(axes) {
            let class = class_of(axes, number);
            let one = decide(&class).unwrap_or_else(|broken| panic!("{broken}: {}", described(axes, &class)));
            let place = said.iter().position(|known| *known == one).unwrap_or_else(|| {
                said.push(one);
                said.len() - 1
            });
            of_class.push(u16::try_from(place).unwrap());
        }
        Self { axes, said, of_class }
    }

    /// From outcomes that were numbered elsewhere, in any order.
    pub fn numbered(axes: Axes, said: &[Said], of_class: &[u16]) -> Self {
        assert_eq!(of_class.len(), size(axes));
        let mut first = vec![None; said.len()];
        let mut table = Self { axes, said: Vec::new(), of_class: Vec::with_capacity(of_class.len()) };
        for place in of_class {
            let place = usize::from(*place);
            let renumbered = *first[place].get_or_insert_with(|| {
                table.said.push(said[place].clone());
                u16::try_from(table.said.len() - 1).unwrap()
            });
            table.of_class.push(renumbered);
        }
        table
    }

    pub fn rows(&self) -> BTreeSet<u8> {
        self.said.iter().filter_map(|said| said.row).collect()
    }

    /// SHA-256 over the distinct outcomes with what they write, in the order they are met, and which class has which.
    fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        for said in &self.said {
            hash.update(format!("{}|{:?}|{}\n", said.text, said.row, said.writes.join(",")));
        }
        let bytes: Vec<u8> = self.of_class.iter().flat_map(|place| place.to_be_bytes()).collect();
        hash.update(&bytes);
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    }

    /// Count, checksum, and the folded tables: one for each row, where there are rows.
    pub fn written(&self, titles: &[(u8, &str)]) -> String {
        let mut page = format!(
            "{} combinations, {} outcomes with what they write, SHA-256 `{}`.\n",
            self.of_class.len(),
            self.said.len(),
            self.checksum()
        );
        for (axis, values) in self.axes {
            write!(page, "\n- **{axis}**: {}", values.join(", ")).unwrap();
        }
        page.push('\n');
        let mut covered = 0;
        if titles.is_empty() {
            covered += self.section(&mut page, |_| true);
        }
        for (row, title) in titles {
            write!(page, "\n### Row {row}: {title}\n").unwrap();
            covered += self.section(&mut page, |said| said.row == Some(*row));
        }
        assert_eq!(covered, self.of_class.len(), "a class is in no section, or in two");
        self.plans(&mut page);
        page
    }

    /// One Markdown table over the classes that `wanted` chooses; gives back how many there are.
    fn section(&self, page: &mut String, wanted: impl Fn(&Said) -> bool) -> usize {
        let mut texts: Vec<&str> = Vec::new();
        let shown: Vec<u16> = self
            .said
            .iter()
            .map(|said| {
                if !wanted(said) {
                    return OUTSIDE;
                }
                let place = texts.iter().position(|text| *text == said.text).unwrap_or_else(|| {
                    texts.push(&said.text);
                    texts.len() - 1
                });
                u16::try_from(place).unwrap()
            })
            .collect();
        let cells = self.of_class.iter().map(|place| shown[usize::from(*place)]).collect();
        let lines = Grid::over(self.axes, cells).lines();
        let named: Vec<usize> =
            (0..self.axes.len()).filter(|axis| lines.iter().any(|line| line.path[*axis].is_some())).collect();
        page.push_str("\n|");
        for axis in &named {
            write!(page, " {} |", self.axes[*axis].0).unwrap();
        }
        page.push_str(" outcome | combinations |\n|");
        page.push_str(&"---|".repeat(named.len()));
        page.push_str("---|---:|\n");
        for line in &lines {
            page.push('|');
            for axis in &named {
                write!(page, " {} |", values(self.axes[*axis].1, line.path[*axis].as_deref())).unwrap();
            }
            writeln!(page, " {} | {} |", texts[usize::from(line.cell)], line.count(self.axes)).unwrap();
        }
        lines.iter().map(|line| line.count(self.axes)).sum()
    }

    /// What the outcomes write, in the order it is written.
    fn plans(&self, page: &mut String) {
        let mut plans: Vec<(&str, String)> = Vec::new();
        for said in self.said.iter().filter(|said| !said.writes.is_empty()) {
            let plan = (said.text.as_str(), said.writes.join(", "));
            if !plans.contains(&plan) {
                plans.push(plan);
            }
        }
        plans.sort();
        page.push_str("\n| outcome | writes |\n|---|---|\n");
        for (text, writes) in plans {
            writeln!(page, "| {text} | {writes} |").unwrap();
        }
    }
}

fn values(all: &[&str], chosen: Option<&[usize]>) -> String {
    let Some(chosen) = chosen else { return "·".to_owned() };
    let named = |of: &mut dyn Iterator<Item = usize>| of.map(|value| all[value]).collect::<Vec<_>>().join(", ");
    if chosen.len() * 2 > all.len() && all.len() > 2 {
        let others = named(&mut (0..all.len()).filter(|value| !chosen.contains(value)));
        return format!("not {others}");
    }
    named(&mut chosen.iter().copied())
}

/// A cell that the section at hand leaves out.
const OUTSIDE: u16 = u16::MAX;

struct Line {
    /// By axis: the values that lead here, or no difference.
    path: Vec<Option<Vec<usize>>>,
    cell: u16,
}

impl Line {
    fn count(&self, axes: Axes) -> usize {
        self.path.iter().zip(axes).map(|(some, (_, all))| some.as_ref().map_or(all.len(), Vec::len)).product()
    }
}

/// Cells by the values of some axes; values that lead to the same cells throughout are one.
struct Grid {
    dims: Vec<(usize, Vec<Vec<usize>>)>,
    cells: Vec<u16>,
}

impl Grid {
    fn over(axes: Axes, cells: Vec<u16>) -> Self {
        let single = |(_, values): &(&str, &[&str])| (0..values.len()).map(|value| vec![value]).collect();
        let dims = axes.iter().map(single).enumerate().collect();
        let mut grid = Self { dims, cells };
        grid.fold();
        grid
    }

    /// How many cells lie between two values of this dimension.
    fn stride(&self, dim: usize) -> usize {
        self.dims[dim + 1..].iter().map(|(_, groups)| groups.len()).product()
    }

    fn same(&self, dim: usize, a: usize, b: usize) -> bool {
        let stride = self.stride(dim);
        self.cells
            .chunks(stride * self.dims[dim].1.len())
            .all(|chunk| chunk[a * stride..][..stride] == chunk[b * stride..][..stride])
    }

    fn fold(&mut self) {
        for dim in 0..self.dims.len() {
            let mut kept: Vec<(usize, Vec<usize>)> = Vec::new();
            for (value, group) in self.dims[dim].1.iter().enumerate() {
                match kept.iter_mut().find(|(first, _)| self.same(dim, *first, value)) {
                    Some((_, sharing)) => sharing.extend(group),
                    None => kept.push((value, group.clone())),
                }
            }
            if kept.len() < self.dims[dim].1.len() {
                let stride = self.stride(dim);
                let width = stride * self.dims[dim].1.len();
                let mut cells = Vec::new();
                for chunk in self.cells.chunks(width) {
                    for (value, _) in &kept {
                        cells.extend_from_slice(&chunk[value * stride..][..stride]);
                    }
                }
                self.cells = cells;
                self.dims[dim].1 = kept.into_iter().map(|(_, group)| group).collect();
            }
        }
    }

    /// Blocks of one outcome that cover every cell once, each as large as it grows from its first cell.
    fn lines(mut self) -> Vec<Line> {
        let axes = self.dims.len();
        let orders: Vec<Vec<usize>> = (0..axes)
            .flat_map(|first| {
                let ahead: Vec<usize> = (0..axes).map(|step| (first + step) % axes).collect();
                let back = ahead.iter().rev().copied().collect();
                [ahead, back]
            })
            .collect();
        let mut lines = Vec::new();
        while let Some(at) = self.cells.iter().position(|cell| *cell != OUTSIDE) {
            let outcome = self.cells[at];
            let start = self.coordinates(at);
            let mut block = Vec::new();
            for order in &orders {
                let grown = self.grown(&start, order, outcome);
                if block.is_empty() || self.weight(&grown) > self.weight(&block) {
                    block = grown;
                }
            }
            self.inside(&block, 0, 0, &mut |cells, at| {
                cells[at] = OUTSIDE;
                true
            });
            let mut path = vec![None; axes];
            for ((axis, groups), chosen) in self.dims.iter().zip(&block) {
                let mut of: Vec<usize> = chosen.iter().flat_map(|value| groups[*value].clone()).collect();
                of.sort_unstable();
                path[*axis] = (chosen.len() < groups.len()).then_some(of);
            }
            lines.push(Line { path, cell: outcome });
        }
        lines
    }

    fn coordinates(&self, at: usize) -> Vec<usize> {
        (0..self.dims.len()).map(|dim| at / self.stride(dim) % self.dims[dim].1.len()).collect()
    }

    /// How many combinations a block stands for.
    fn weight(&self, block: &[Vec<usize>]) -> usize {
        let width = |(groups, chosen): (&Vec<Vec<usize>>, &Vec<usize>)| {
            chosen.iter().map(|value| groups[*value].len()).sum::<usize>()
        };
        self.dims.iter().map(|(_, groups)| groups).zip(block).map(width).product()
    }

    fn grown(&mut self, start: &[usize], order: &[usize], outcome: u16) -> Vec<Vec<usize>> {
        let mut block: Vec<Vec<usize>> = start.iter().map(|value| vec![*value]).collect();
        for dim in order {
            let mut kept = block[*dim].clone();
            for value in (0..self.dims[*dim].1.len()).filter(|value| *value != start[*dim]) {
                block[*dim] = vec![value];
                if self.inside(&block, 0, 0, &mut |cells, at| cells[at] == outcome) {
                    kept.push(value);
                }
            }
            block[*dim] = kept;
        }
        block
    }

    /// Visits the cells of a block until a visit says no.
    fn inside(
        &mut self,
        block: &[Vec<usize>],
        dim: usize,
        from: usize,
        visit: &mut impl FnMut(&mut [u16], usize) -> bool,
    ) -> bool {
        let Some(values) = block.get(dim) else { return visit(&mut self.cells, from) };
        let stride = self.stride(dim);
        values.iter().all(|value| self.inside(block, dim + 1, from + value * stride, visit))
    }
}
