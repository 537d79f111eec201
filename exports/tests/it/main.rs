//! Exported models against a plain interpreter of the graph: small networks by hand, architectures of the
//! hybrid CNN space, both forms, damaged files, and ONNX Runtime where Python has it.

mod architectures;
mod files;
mod float;
mod foreign;
mod int8;
mod layers;
mod network;
mod onnxruntime;
mod quantized;
mod reference;
mod translation_decoding;
mod translation_float;
mod translation_int8;
mod translation_network;
mod translation_quantized;
mod translation_reference;
