//! The drawings show the arcs, and nothing else.

use std::collections::{BTreeSet, HashMap};

use tcp_lifecycle::State;
use tcp_lifecycle::diagram::{ARCS, FIGURE, dot, is_in_figure, mermaid};

/// A row and a column.
type Place = (usize, usize);

/// The drawing, parsed as a reader would.
struct Drawing {
    cells: HashMap<Place, char>,
    /// The box that this place belongs to, including its frame.
    boxes: HashMap<Place, State>,
}

impl Drawing {
    fn read(text: &str) -> Drawing {
        let rows = text.lines().enumerate();
        let cells: HashMap<Place, char> =
            rows.flat_map(|(row, line)| line.chars().enumerate().map(move |(column, c)| ((row, column), c))).collect();
        let mut drawing = Drawing { cells, boxes: HashMap::new() };
        for state in State::ALL {
            let framed = format!("| {state} |");
            for (row, line) in text.lines().enumerate() {
                for (column, _) in line.match_indices(&framed) {
                    drawing.frame(state, row, column, framed.len());
                }
            }
        }
        drawing
    }

    fn at(&self, place: Place) -> char {
        self.cells.get(&place).copied().unwrap_or(' ')
    }

    /// Finds the box around a name: up and down to the next line of minuses.
    fn frame(&mut self, state: State, row: usize, column: usize, width: usize) {
        let is_edge = |row: usize| (1..width - 1).all(|i| self.at((row, column + i)) == '-');
        let top = (0..row).rev().find(|&row| is_edge(row)).expect("a top");
        let bottom = (row + 1..).find(|&row| is_edge(row)).expect("a bottom");
        for place in (top..=bottom).flat_map(|row| (column..column + width).map(move |column| (row, column))) {
            assert_eq!(self.boxes.insert(place, state), None, "boxes apart");
        }
    }

    /// The heads of the arrows: the places, the boxes that they point to, and the step back along the line.
    fn heads(&self) -> Vec<(Place, State, (isize, isize))> {
        let heads = self.cells.iter().filter(|(place, _)| !self.boxes.contains_key(*place));
        let heads = heads.filter_map(|(&place, c)| {
            let back = match c {
                'v' => (-1, 0),
                '^' => (1, 0),
                '>' => (0, -1),
                '<' => (0, 1),
                _ => return None,
            };
            let (forward, line) = (step(place, (-back.0, -back.1)), step(place, back));
            let is_arrow = matches!(self.at(line), '|' | '-' | '+');
            is_arrow.then(|| (place, *self.boxes.get(&forward).expect("an arrow points to a box"), back))
        });
        heads.collect()
    }

    /// The box where the line with its head at `place` begins, and the places that the line takes.
    fn tail(&self, mut place: Place, mut back: (isize, isize)) -> (State, Vec<Place>) {
        let mut taken = vec![place];
        loop {
            place = step(place, back);
            if let Some(&state) = self.boxes.get(&place) {
                return (state, taken);
            }
            taken.push(place);
            match (self.at(place), back.0 == 0) {
                ('-', true) | ('|', false) => {}
                ('+', _) => back = self.turn(place, back),
                (c, _) => panic!("the line breaks off at {place:?} with {c:?}"),
            }
        }
    }

    fn turn(&self, place: Place, back: (isize, isize)) -> (isize, isize) {
        let (ways, line) = if back.0 == 0 { ([(-1, 0), (1, 0)], '|') } else { ([(0, -1), (0, 1)], '-') };
        let open = ways.into_iter().filter(|&way| {
            let next = step(place, way);
            self.at(next) == line || self.at(next) == '+'
        });
        let open: Vec<_> = open.collect();
        assert_eq!(open.len(), 1, "a corner at {place:?} leads one way");
        open[0]
    }
}

fn step((row, column): Place, (down, right): (isize, isize)) -> Place {
    (row.wrapping_add_signed(down), column.wrapping_add_signed(right))
}

#[test]
fn the_arrows_of_the_figure_are_its_arcs() {
    let drawing = Drawing::read(FIGURE);
    let mut lines = BTreeSet::new();
    for (place, to, back) in drawing.heads() {
        let (from, _) = drawing.tail(place, back);
        assert!(lines.insert((from.name(), to.name())), "{from} -> {to} is drawn twice");
    }
    let arcs = ARCS.iter().filter(|arc| is_in_figure(arc)).map(|arc| (arc.from.name(), arc.to.name())).collect();
    assert_eq!(lines, arcs);
}

/// Compares all words outside of boxes and lines, wherever they are.
#[test]
fn the_words_of_the_figure_are_the_labels_of_its_arcs() {
    let drawing = Drawing::read(FIGURE);
    let lines: BTreeSet<Place> =
        drawing.heads().into_iter().flat_map(|(place, _, back)| drawing.tail(place, back).1).collect();
    let is_word = |place: &Place| !drawing.boxes.contains_key(place) && !lines.contains(place);
    let rows = FIGURE.lines().enumerate().map(|(row, line)| {
        let cells = line.chars().enumerate();
        cells.map(|(column, c)| if is_word(&(row, column)) { c } else { ' ' }).collect::<String>()
    });
    let drawn = words(&rows.collect::<Vec<_>>().join("\n"));
    let labels: Vec<String> = ARCS.iter().filter(|arc| is_in_figure(arc)).map(label).collect();
    assert_eq!(drawn, words(&labels.join("\n")));
}

/// The text beside an arrow; there is no room for the condition.
fn label(arc: &tcp_lifecycle::diagram::Arc) -> String {
    match arc.condition {
        Some(condition) => arc.to_string().replace(&format!(" {condition}"), ""),
        None => arc.to_string(),
    }
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split_whitespace().map(|word| word.trim_end_matches(',').to_owned()).collect();
    words.sort();
    words
}

#[test]
fn the_figure_fits_a_page_of_docs() {
    assert!(FIGURE.lines().all(|line| line.len() <= 76 && line.is_ascii() && line.trim_end() == line));
}

#[test]
fn mermaid_and_dot_have_a_line_for_each_arc() {
    for (chosen, count) in [(is_in_figure as fn(&_) -> bool, 21), ((|_| true) as fn(&_) -> bool, ARCS.len())] {
        let mermaid = mermaid(chosen).to_string();
        assert_eq!(mermaid.matches(" --> ").count(), count);
        let dot = dot(chosen).to_string();
        assert_eq!(dot.matches(" -> ").count(), count);
        for arc in ARCS.iter().filter(|arc| chosen(arc)) {
            assert!(mermaid.contains(&format!("{:?} --> {:?}: {arc}\n", arc.from, arc.to)), "{arc}");
            assert!(dot.contains(&format!("\"{}\" -> \"{}\" [label=\"{arc}\"]\n", arc.from, arc.to)), "{arc}");
        }
    }
    for state in State::ALL {
        assert!(mermaid(is_in_figure).to_string().contains(&format!("state \"{state}\" as {state:?}\n")));
    }
}

/// The README draws the figure with Mermaid.
#[test]
fn the_readme_has_the_figure() {
    let readme = include_str!("../../README.md");
    let drawn = readme.split_once("```mermaid\n").and_then(|(_, rest)| rest.split_once("```")).map(|(block, _)| block);
    assert_eq!(drawn, Some(mermaid(is_in_figure).to_string().as_str()));
}
