use super::*;
use crate::folder::{Folder, FolderWriter};

fn format(version: u32) -> Format {
    Format { name: "letters".to_owned(), version }
}

fn every_type() -> Table {
    Table::new()
        .with("bool", vec![true, false])
        .with("u8", vec![1_u8, 2])
        .with("i8", vec![-1_i8, 2])
        .with("u32", vec![1_u32, u32::MAX])
        .with("i32", vec![1_i32, i32::MIN])
        .with("u64", vec![1_u64, u64::MAX])
        .with("i64", vec![1_i64, i64::MIN])
        .with("f32", vec![0.1_f32, f32::INFINITY])
        .with("f64", vec![0.1_f64, -0.0])
        .with("text", vec!["a".to_owned(), String::new()])
        .with("bytes", vec![vec![0_u8, 255], vec![]])
        .with("list_i8", vec![vec![-1_i8], vec![]])
        .with("list_u32", vec![vec![7_u32, 8], vec![9]])
        .with("list_f32", vec![vec![], vec![0.5_f32, 1.5, 2.5]])
        .with("maybe_f64", vec![None, Some(2.5_f64)])
        .with("maybe_text", vec![Some("x".to_owned()), None])
        .with("maybe_list", vec![None, Some(vec![1.0_f32])])
}

fn through_a_file(table: &Table) -> Table {
    let root = tempfile::tempdir().unwrap();
    let mut writer = FolderWriter::create(root.path().join("a"), format(1)).unwrap();
    writer.write_table("t", table).unwrap();
    writer.seal().unwrap().table("t").unwrap()
}

#[test]
fn every_cell_type_survives_a_file() {
    let table = through_a_file(&every_type());
    assert_eq!(table.columns(), every_type().columns());
    assert_eq!(table.get::<u64>("u64").unwrap(), [1, u64::MAX]);
    assert_eq!(table.get::<f32>("f32").unwrap(), [0.1, f32::INFINITY]);
    assert_eq!(table.get::<bool>("bool").unwrap(), [true, false]);
    assert_eq!(table.get::<String>("text").unwrap(), ["a", ""]);
    assert_eq!(table.get::<Vec<u8>>("bytes").unwrap(), [vec![0, 255], vec![]]);
    assert_eq!(table.get::<Vec<i8>>("list_i8").unwrap(), [vec![-1], vec![]]);
    assert_eq!(table.get::<Vec<f32>>("list_f32").unwrap(), [vec![], vec![0.5, 1.5, 2.5]]);
    assert_eq!(table.get::<Option<f64>>("maybe_f64").unwrap(), [None, Some(2.5)]);
    assert_eq!(table.get::<Option<Vec<f32>>>("maybe_list").unwrap(), [None, Some(vec![1.0])]);
}

#[test]
fn an_empty_table_keeps_its_columns() {
    let table = Table::new().with("id", Vec::<u32>::new()).with("values", Vec::<Vec<f32>>::new());
    let read = through_a_file(&table);
    assert_eq!((read.rows(), read.columns()), (0, table.columns()));
    assert_eq!(read.get::<Vec<f32>>("values").unwrap(), Vec::<Vec<f32>>::new());
}

#[test]
fn a_table_without_columns_survives_a_file() {
    assert_eq!(through_a_file(&Table::new()).columns(), []);
}

#[test]
fn wrong_questions_name_column_and_type() {
    let table = every_type();
    let message = |error: TableError| error.to_string();
    insta::assert_snapshot!(
        message(table.get::<u32>("f32").unwrap_err()),
        @"column `f32` holds f32, wanted u32"
    );
    insta::assert_snapshot!(
        message(table.get::<f64>("maybe_f64").unwrap_err()),
        @"column `maybe_f64` has no value in row 0"
    );
    let small = Table::new().with("a", vec![1_u8]).with("b", vec![1_u8]);
    insta::assert_snapshot!(
        message(small.get::<u8>("c").unwrap_err()),
        @"table has no column `c`; it has `a`, `b`"
    );
}

#[test]
fn batches_become_groups_of_the_asked_size() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = FolderWriter::create(root.path().join("a"), format(1)).unwrap();
    let mut writer = folder.table_writer("t", 4).unwrap();
    for first in (0..10).step_by(5) {
        let batch = Table::new().with("id", (first..first + 5).collect::<Vec<u32>>());
        writer.append(batch).unwrap();
    }
    writer.finish().unwrap();
    let reader = folder.seal().unwrap().reader("t").unwrap();
    assert_eq!(reader.groups(), [4, 4, 2]);
    let slice = reader.slice(3, 6, Some(&["id"])).unwrap();
    assert_eq!(slice.get::<u32>("id").unwrap(), [3, 4, 5, 6, 7, 8]);
    assert_eq!(reader.slice(10, 0, None).unwrap().rows(), 0);
    assert!(matches!(reader.slice(9, 2, None), Err(TableError::OutOfRange { rows: 10, .. })));
}

#[test]
fn a_batch_with_other_columns_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = FolderWriter::create(root.path().join("a"), format(1)).unwrap();
    let mut writer = folder.table_writer("t", 4).unwrap();
    writer.append(Table::new().with("id", vec![1_u32])).unwrap();
    let error = writer.append(Table::new().with("id", vec![1_u8])).unwrap_err();
    insta::assert_snapshot!(error, @"batch has columns `id: u8`, the table has `id: u32`");
}

#[test]
fn equal_tables_write_equal_bytes() {
    let root = tempfile::tempdir().unwrap();
    let digest = |name: &str| {
        let mut writer = FolderWriter::create(root.path().join(name), format(1)).unwrap();
        writer.write_table("t", &every_type()).unwrap();
        writer.seal().unwrap().digest()
    };
    assert_eq!(digest("a"), digest("b"));
}

#[test]
fn a_table_of_another_version_is_refused_politely() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = FolderWriter::create(root.path().join("a"), format(2)).unwrap();
    writer.write_table("t", &every_type()).unwrap();
    let folder = writer.seal().unwrap();
    let path = folder.file_path("t.parquet").unwrap();
    let error = TableReader::open(&path, &TableLabel::new(&format(1), "t")).unwrap_err();
    assert!(matches!(
        error,
        TableError::OtherFormat { wanted, found, .. }
            if wanted == "letters v1" && found == "letters v2"
    ));
}

#[test]
fn bytes_that_are_no_table_are_an_error() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = FolderWriter::create(root.path().join("a"), format(1)).unwrap();
    writer.write_bytes("t.parquet", b"PAR1 not really PAR1").unwrap();
    let folder: Folder = writer.seal().unwrap();
    assert!(folder.table("t").is_err());
}

#[test]
fn tables_show_as_text_and_json() {
    let table = Table::new()
        .with("name", vec!["a".to_owned(), "long".to_owned()])
        .with("share", vec![Some(0.5_f64), None])
        .with("values", vec![vec![1_u32, 2], vec![]]);
    insta::assert_snapshot!(table.render(1), @r"
    name  share  values
    text  f64    list of u32
    a     0.5    [1, 2]
    ... 1 more rows
    ");
    insta::assert_snapshot!(
        serde_json::to_string(&table.to_json_rows(9)).unwrap(),
        @r#"[{"name":"a","share":0.5,"values":[1,2]},{"name":"long","share":null,"values":[]}]"#
    );
}
