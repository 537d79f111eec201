use crate::{Graph, Space, Task};

/// A space as a layered graph: every way from the start to the end is one point of the space, and the pieces along the
/// way are, one after the other, the network of that point.
///
/// Whatever adds up over the nodes of a network adds up over the pieces of its way, so that a whole space is told by
/// few pieces: the paper's 1,314,183,168 networks are ways through 27.
#[derive(Clone, Debug)]
pub struct Trellis {
    /// Parts of networks, each once. Node 0 is an input of the piece's own; names of nodes mean nothing here.
    pub pieces: Vec<Graph>,
    /// The edges of every choice of a genome, in the order of the genome.
    pub choices: Vec<Vec<Edge>>,
}

/// One choice in one state of a [`Trellis`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// State before the choice; the start is state 0. A state that no edge leads to, or none leaves, is on no way.
    pub from: usize,
    /// State after the choice; every state after the last choice is an end.
    pub to: usize,
    /// The choice index, as [`crate::Genome`] holds it.
    pub choice: u16,
    /// Indices of the pieces that the choice adds to the network, in execution order.
    pub pieces: Vec<usize>,
}

impl Space {
    /// Returns the space as a layered graph. The space must fit the task ([`Space::validate`]).
    pub fn trellis(&self, task: Task) -> Trellis {
        match self {
            Space::HybridCnn(space) => space.trellis(task),
        }
    }
}
