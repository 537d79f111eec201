pub mod encoded_pairs;
pub mod token_batch;
