use super::*;

const HAT: &str = "encoder_embed_dim,encoder_layer_num,encoder_ffn_embed_dim_avg,encoder_self_attention_heads_avg,\
decoder_embed_dim,decoder_layer_num,decoder_ffn_embed_dim_avg,decoder_self_attention_heads_avg,\
decoder_ende_attention_heads_avg,decoder_arbitrary_ende_attn_avg";
const MEANS: &str = "latency_mean_encoder,latency_mean_decoder,latency_std_encoder,latency_std_decoder";
const NUMBERS: &str = "512,2,2048,4,640,1,3072.5,8,4,2.25";

/// A row with block types, between its heading and an end of line.
fn with_blocks(blocks: &str) -> String {
    format!("{HAT},encoder_block_types,decoder_block_types,{MEANS}\n{NUMBERS},{blocks},6.5,120.25,0.1,2\n")
}

fn message(text: &str) -> String {
    read_rows(text, "rows.csv").unwrap_err().to_string()
}

#[test]
fn a_row_of_hat_is_the_sum_of_both_halves() {
    let table = read_rows(&format!("{HAT},{MEANS}\n{NUMBERS},6.5,120.25,0.1,2\n"), "rows.csv").unwrap();
    assert_eq!(table.encoding, Encoding::hat(StackCodes::Absent));
    let row = &table.rows[0];
    assert_eq!((row.latency_ms, row.query.stacks.clone()), (126.75, None));
    assert_eq!(row.query.numbers[6], 3072.5);
    assert_eq!(row.parts.unwrap().latency_std_decoder, 2.0);
    assert_eq!(table.samples().unwrap().inputs[0][..2], [0.5, 1.0 / 3.0]);
}

#[test]
fn block_types_may_end_with_an_arrow_and_be_local_in_the_decoder() {
    for decoder in ["lightweight_shiftadd-->", "lightweight_shiftadd"] {
        let table = read_rows(&with_blocks(&format!("self_attention-->lightweight_add-->,{decoder}")), "rows.csv");
        let stacks = table.unwrap().rows.remove(0).query.stacks.unwrap();
        assert_eq!(stacks.encoder, [BlockType::Attention, BlockType::Add]);
        assert_eq!(stacks.decoder, [BlockType::ShiftAdd]);
    }
}

#[test]
fn columns_may_stand_in_any_order_in_the_general_layout() {
    let table = read_rows("macs , latency_ms,channels\n1e6,2.5,-3\r\n2e6,4,8\n", "rows.csv").unwrap();
    let names: Vec<&str> = table.encoding.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["macs", "channels"]);
    assert_eq!(table.samples().unwrap().inputs, [[1e6, -3.0], [2e6, 8.0]]);
    assert_eq!(table.rows[1].latency_ms, 4.0);
}

#[test]
fn a_cell_that_is_not_what_its_column_wants_is_told_with_its_place() {
    let general = |cell: &str| message(&format!("macs,latency_ms\n1,2\n{cell}\n"));
    assert_eq!(general("x,3"), "rows.csv:3: column `macs` wants a finite number, found `x`");
    assert_eq!(general("inf,3"), "rows.csv:3: column `macs` wants a finite number, found `inf`");
    for latency in ["NaN", "-3", "0", ""] {
        let wanted = format!("rows.csv:3: column `latency_ms` wants milliseconds above 0, found `{latency}`");
        assert_eq!(general(&format!("1,{latency}")), wanted);
    }
    let negative = message(&format!("{HAT},{MEANS}\n{NUMBERS},6.5,120.25,-0.1,2\n"));
    assert_eq!(negative, "rows.csv:2: column `latency_std_encoder` wants milliseconds of at least 0, found `-0.1`");
}

#[test]
fn a_block_type_nobody_knows_and_a_wrong_depth_are_told() {
    assert_eq!(
        message(&with_blocks("self_attention-->lightweight_sub-->,self_attention")),
        "rows.csv:2: column `encoder_block_types` wants block types joined with -->, found `lightweight_sub`"
    );
    assert_eq!(
        message(&with_blocks("self_attention-->self_attention,self_attention-->self_attention-->")),
        "rows.csv:2: column `decoder_block_types` names 2 blocks, `decoder_layer_num` says 1 layers"
    );
    assert!(message(&with_blocks(&format!("{},self_attention", "self_attention-->".repeat(7)))).contains("at most 6"));
    assert!(message(&with_blocks(",self_attention")).contains("found ``"));
}

#[test]
fn a_row_that_was_cut_off_is_told() {
    let whole = with_blocks("self_attention-->self_attention,self_attention");
    let cut = message(&format!("{whole}{NUMBERS},self_attention-->self_att"));
    assert_eq!(cut, "rows.csv:3: wanted 16 cells, found 11; a row that was cut off must be deleted");
}

#[test]
fn columns_that_are_missing_repeated_or_unknown_are_told() {
    assert_eq!(message("a,b\n1,2\n"), "rows.csv:1: column `latency_ms` is missing; found a, b");
    assert_eq!(message("a,a,latency_ms\n1,2,3\n"), "rows.csv:1: column `a` stands there twice");
    assert_eq!(message("latency_ms\n1\n"), "rows.csv:1: column `a feature` is missing; found latency_ms");
    assert!(message("").contains("column `latency_ms` is missing"));
    let short = message(&format!("{HAT},{}\n", MEANS.replace(",latency_std_decoder", "")));
    assert!(
        short.starts_with("rows.csv:1: column `latency_std_decoder` is missing; found encoder_embed_dim"),
        "{short}"
    );
    let one = message(&format!("{HAT},encoder_block_types,{MEANS}\n"));
    assert!(one.starts_with("rows.csv:1: column `decoder_block_types` is missing"), "{one}");
    let unknown = message(&format!("{HAT},colour,{MEANS}\n"));
    assert!(unknown.starts_with("rows.csv:1: column `colour` is unknown"), "{unknown}");
}

#[test]
fn a_heading_without_rows_is_refused() {
    assert_eq!(message("macs,latency_ms\n"), "wanted at least 1 rows, found 0");
}
