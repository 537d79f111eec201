use std::collections::HashSet;

use crate::Language;

/// Abbreviations of a language: words whose full stop ends no sentence.
#[derive(Clone, Debug)]
pub(super) struct Prefixes {
    always: HashSet<&'static str>,
    before_numbers: HashSet<&'static str>,
}

/// Titles, forms of companies, months and what else English shortens.
const ENGLISH: &str = "Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con Corp Cpl DR Dr Drs Ens Gen Gov \
    Hon Hr Hosp Insp Lt MM MR MRS MS Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph Prof Pvt Rep Reps Res Rev Rt \
    Sen Sens Sfc Sgt Sr St Supt Surg rev v vs Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec";
const ENGLISH_BEFORE_NUMBERS: &str = "Art No Nos Nr pp";

/// German titles and abbreviations; ordinal numbers are written with a full stop.
const GERMAN: &str = "Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con Corp Cpl DR Dr Ens Gen Gov Hon \
    Hosp Insp Lt MM MR MRS MS Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph Prof Pvt Rep Reps Res Rev Rt Sen Sens \
    Sfc Sgt Sr St Supt Surg Mio Mrd bzw v vs usw etc MwSt ggf vgl sogen ff Buchst Std evtl Zt Ltd spp sog jun dgl \
    dergl Co zzt usf bzgl BSE Chr SA No Nos Art Nr pp ca Ca";
const GERMAN_ROMAN: &str = "II III IV VI VII VIII IX XI XII XIII XIV XV XVI XVII XVIII XIX XX \
    i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx";
const GERMAN_ORDINALS: &str = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 \
    32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 \
    69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99";

/// French titles and abbreviations.
const FRENCH: &str = "adj al ann apr art auj av boul ca cap cf chap contr dir dép env etc ex fasc fig fr fém hab \
    ibid id inf jr lib Mgr Mlle MM Mme ms nb obs oct pl pp réf rép sec sing sq sqq SS Ste suiv \
    sup trad tél v vol vx zool éd";

/// Initials, and in German and French also small letters; a French `a` is a verb.
const LATIN_CAPITALS: &str = "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z";
const LATIN_SMALL: &str = "b c d e f g h i j k l m n o p q r s t u v w x y z";

impl Prefixes {
    pub(super) fn of(language: Language) -> Self {
        let (lists, before_numbers): (&[&'static str], &'static str) = match language {
            Language::English | Language::Other => (&[ENGLISH], ENGLISH_BEFORE_NUMBERS),
            Language::German => (&[GERMAN, GERMAN_ROMAN, GERMAN_ORDINALS, "Ä Ö Ü a", LATIN_SMALL], ""),
            Language::French => (&[FRENCH, LATIN_SMALL], ""),
        };
        let words = lists.iter().chain([&LATIN_CAPITALS]).flat_map(|list| list.split_whitespace());
        Self { always: words.collect(), before_numbers: before_numbers.split_whitespace().collect() }
    }

    /// Returns whether a full stop after the word never ends a sentence.
    pub(super) fn always(&self, word: &str) -> bool {
        self.always.contains(word)
    }

    /// Returns whether a full stop after the word ends no sentence when a number follows.
    pub(super) fn before_numbers(&self, word: &str) -> bool {
        self.before_numbers.contains(word)
    }
}
