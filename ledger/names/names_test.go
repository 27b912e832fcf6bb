package names

import (
	"slices"
	"testing"
)

// TestTokens holds the spelling rules of every script to a few words.
func TestTokens(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"Jean-Luc Størmer-Łukasz", []string{"jean", "luc", "stormer", "lukasz"}},
		{"STOERMER<<JEAN<LUC<<<<<<", []string{"jean", "luc", "stoermer"}},
		{"Størmer, Jean-Luc", []string{"jean", "luc", "stormer"}},
		{"ဒေါ်အောင်မြင့်စုကြည်", []string{"daw", "aung", "myint", "su", "kyi"}},
		{"អ៊ុក សារុន", []string{"uk", "sarun"}},
		{"สมชาย ใจดี", []string{"somchai", "jaidi"}},
		{"ສົມສັກ ແກ້ວ", []string{"somsak", "kaeo"}},
		{"王小明", []string{"wang", "xiaoming"}},
		{"欧阳小明", []string{"ouyang", "xiaoming"}},
		{"박영수", []string{"park", "yeongsu"}},
		{"ハンス・ミュラー", []string{"hansu", "myura"}},
		{"रमेश कुमार", []string{"ramesh", "kumar"}},
		{"রহিমা বেগম", []string{"rahima", "begam"}},
		{"Արամ Պետրոսյան", []string{"aram", "petrosyan"}},
		{"გიორგი ბერიძე", []string{"giorgi", "beridze"}},
		{"عبد الرحمن الدوري", []string{"abd", "al", "rahman", "al", "dwri"}},
		{"Пётр Щукин", []string{"pyotr", "shchukin"}},
		{"Олександр Гнатюк", []string{"oleksandr", "gnatyuk"}},
		{"Ірина Гнатів", []string{"iryna", "hnativ"}},
		{"Νίκος Μπακάλης", []string{"nikos", "bakalis"}},
		{"משה לוי", []string{"moshe", "levi"}},
		{"ተስፋዬ በቀለ", []string{"tesifaye", "beqele"}},
	} {
		if got := Parse(tt.name).Tokens(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestCompare has a verdict for pairs of made-up people, and one reason.
func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
		why  string
	}{
		{"Petr Novotny", "Petr Novotny", true, "same words"},
		{"Novotny, Petr", "Petr Novotný", true, "same words"},
		{"Petr Novotny", "Novotny Petr", true, "word order"},
		{"Ivan Sidorov", "Иван Петрович Сидоров", true, "patronymic missing"},
		{"Ivan Sidorov", "Иван Сидоров", true, "same after transliteration from Cyrillic"},
		{"Khalid al-Dulaimi", "خالد الدليمي", true, "same after transliteration from Arabic"},
		{"Abdul Rahman Qadir", "Abdurrahman Kadir", true, "spelling"},
		{"Bob Miller", "Robert Miller", true, "nickname or form in another language"},
		{"R. Miller", "Robert Miller", true, "initial"},
		{"Robert Miler", "Robert Millar", true, "one letter differs"},
		{"Anna Ivanova", "Anna Ivanov", true, "ending of the other sex"},
		{"Cheung Siu Ming", "Zhang Siu Ming", true, "surname in another reading"},
		{"Salahuddin Haddad", "صلاح الدين حداد", true, "same after transliteration from Arabic"},
		{"Khin Myo Chit", "ခင်မျိုးချစ်", true, "same after transliteration from Burmese"},
		{"Sok Sovannarith", "សុខ សុវណ្ណារិទ្ធ", true, "same after transliteration from Khmer"},
		{"Somchai Wongsawat", "สมชาย วงศ์สวัสดิ์", true, "same after transliteration from Thai"},
		{"Zulfiqar Haidar", "ذو الفقار حيدر", true, "written as one word"},
		{"João da Silva Santos", "Dos Santos Silva João", true, "word order"},
		{"Dr. John Smith PhD", "John Smith", true, "particle or title missing"},
		{"Ali bin Abu Talib", "Ali ibn Abi Talib", true, "nickname or form in another language"},
		{"Park Ji Hoon", "박지훈", true, "written as one word"},
		{"MUELLER<<HANS<JUERGEN", "Hans-Jürgen Müller", true, "one letter differs"},
		{"Siriporn Saelim", "ศิริพร แซ่ลิ้ม", true, "same after transliteration from Thai"},
		{"Chatchai Boonyarat", "ชาติชาย บุญยรัตน์", true, "same after transliteration from Thai"},
		{"Chaiyo Sisawat", "ไชโย ศรีสวัสดิ์", true, "same after transliteration from Thai"},
		{"Chhun Sivorn", "ឈុន ស៊ីវន", true, "same after transliteration from Khmer"},
		{"Keo Rattanak", "កែវ រតនៈ", true, "same after transliteration from Khmer"},
		{"Ohn Thura Swe", "အုန်း သူရ ဆွေ", true, "written as one word"},
		{"Ma Thida", "မသီတာ", true, "written as one word"},
		{"Arkar Nwe", "အာကာ နွယ်", true, "written as one word"},
		{"Kritsada Rattanakul", "กฤษดา รัตนกุล", true, "same after transliteration from Thai"},
		{"Arthit Saengthong", "อาทิตย์ แสงทอง", true, "same after transliteration from Thai"},
		{"Namgung Wonseok", "남궁원석", true, "same after transliteration from Korean"},
		{"Levon Ghazaryan", "Լևոն Ղազարյան", true, "same after transliteration from Armenian"},
		{"Adam Awad", "آدم عوض", true, "same after transliteration from Arabic"},
		{"Aslam Hosseini", "اسلم حسینی", true, "same after transliteration from Arabic"},
		{"Wang Chih-ch'iang", "王志强", true, "same after transliteration from Chinese"},
		{"Chen Tse-tung", "陳澤東", true, "written as one word"},
		{"Pak Ki-moon", "박기문", true, "same after transliteration from Korean"},
		{"Maria Jose Gonzalez", "María José González García", true, "name missing"},
		{"Dariusz Malinowski", "Dariusz Malinski", false, "letters differ"},
		{"Rajesh Kumar", "Ramesh Kumar", false, "different: rajesh, ramesh"},
		{"Carlos Hernandez", "Carlos Fernandez", false, "different: fernandez, hernandez"},
		{"Min Thu", "Min Thant", false, "different: thant, thu"},
		{"Maria Gonzalez", "Mario Gonzalez", false, "one letter differs"},
		{"Daniel Costa", "Daniela Costa", false, "one letter differs"},
		{"Ivan Petrov", "Ivan Petrenko", false, "different: petrenko, petrov"},
		{"Abdul Rahman", "Abdul Rahim", false, "different: rahim, rahman"},
		{"Mohammed Ali", "Mohammed Ali Hassan Khan", false, "name missing"},
		{"Viktor", "Viktor Orlov", false, "name missing"},
		{"Robert Miller", "Richard Miller", false, "different: richard, robert"},
		{"Robert Miller Jr", "Robert Miller Sr", false, "generation differs"},
		{"Brigade 44", "Brigade 45", false, "different: 44, 45"},
		{"Ahmad Salim al-Basri", "Ahmad Salim al-Kufi", false, "different: basri, kufi"},
	} {
		m := Compare(Parse(tt.a), Parse(tt.b))
		if (m.Score >= Threshold) != tt.same {
			t.Errorf("%s, %s: got %.3f, want same %v", tt.a, tt.b, m.Score, tt.same)
		}
		if !slices.Contains(m.Why, tt.why) {
			t.Errorf("%s, %s: got %q, want %q among them", tt.a, tt.b, m.Why, tt.why)
		}
	}
}
