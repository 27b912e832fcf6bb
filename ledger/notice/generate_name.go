package notice

import (
	"strings"
	"unicode/utf8"
)

// surname is an invented family name. The parts below are put together by
// chance; a name of a real person would be chance as well.
type surname struct {
	culture int
	text    string
	script  string
	mrz     string // for a name that is not in Latin letters
}

// culture is what names of one sound are made of.
type culture struct {
	first, middle, last []string
	women, men          []string
}

var cultures = []culture{
	{
		first:  strings.Fields("Al Bran Car Dal Ed Far Gar Hal Ing Jor Kel Lor Mar Nor Os Per Rad Sel Thor Ul Ver Wal Yor Zen"),
		middle: strings.Fields("a be da der e fen gar ho in ken la len mer ni on per ra ri sen ta tor u ven wi"),
		last:   strings.Fields("berg by dahl den feld ford gard ham holm land ley lund man mark mont quist rup stad sted strand ton vik wall wood"),
		women:  strings.Fields("Anika Brenna Dagny Edda Freya Hilde Ilse Jorun Karin Lina Maren Nora Runa Signe Tilda Vala"),
		men:    strings.Fields("Anders Bjarke Dag Eskil Finn Gorm Halvar Ivo Jarl Kasper Leif Nils Olav Rasmus Sven Tor"),
	},
	{
		first:  strings.Fields("An Bel Cor Dor El Fio Gra Ivo Jan Kor Lut Mir Nes Ost Pav Rad Sok Tan Ur Vas Yan Zar Bog Stan"),
		middle: strings.Fields("a bo che da do go ie ka ko le lo mi na ni o po ra ro si ta to vi ya zo"),
		last:   strings.Fields("bek chak denko drov enko escu gan ich kin kov lak lev mir nik nov off rov ska sky tov van vich yak zin"),
		women:  strings.Fields("Alina Bojana Danica Elka Irena Jana Katya Lena Mila Nadia Olena Petra Rada Sonja Tamara Vesna"),
		men:    strings.Fields("Andrej Boris Danil Emil Goran Igor Janek Kiril Luka Marek Nikola Oleg Pavel Roman Stefan Viktor"),
	},
	{
		first:  strings.Fields("Al Bar Cas Del Es Fer Gal Her In Jar Lam Mon Nav Or Par Quin Ros San Tor Ur Val Vel Xim Zar"),
		middle: strings.Fields("a ba ca da di e fa gi i la li ma mi na no o ra ri sa ta te va ve zo"),
		last:   strings.Fields("bano cedo dero dez do gado ga lles lona mero mez nado no quez randa ra res rro sco tero va vedo yo zar"),
		women:  strings.Fields("Adela Bianca Carla Delia Elisa Flora Gemma Ines Julia Lidia Marta Nuria Paula Rosa Silvia Vera"),
		men:    strings.Fields("Adrian Bruno Carlos Diego Enzo Fabio Gil Hugo Ivan Javier Leo Mario Nuno Pablo Rui Tomas"),
	},
	{
		first:  strings.Fields("Ab Bas Dar Fa Gha Ha Ja Ka La Ma Na Qa Ra Sa Sha Ta Um Wa Ya Za Ib Mu Su Nu"),
		middle: strings.Fields("bi da di fa ha hi ja ka la li ma mi na ra ri sa sha su ta wa ya za ru du"),
		last:   strings.Fields("bari dani dawi fari ghani hadi hani jani khani lani maleh mani nabi noor rabi rani sadi shahi tari wani yari zadeh zani zai"),
		women:  strings.Fields("Amira Basma Dalia Farah Hana Iman Jamila Layla Maha Nadia Rania Salma Samira Yasmin Zahra Noor"),
		men:    strings.Fields("Adil Bilal Daud Faris Hamid Idris Jamal Karim Majid Nabil Omar Rashid Salim Tariq Yusuf Zaid"),
	},
	{
		first:  strings.Fields("Bo Cha Da Ha Ka Kha La Ma Na Nga Pha Pra Ra Sa Sri Su Tha Tri Va Wi Ya Bu Ki Lo"),
		middle: strings.Fields("bu da di ha ka la li ma mo na ni pa ra ri sa si ta ti wa wi ya yu no chi"),
		last:   strings.Fields("bun chai dara desh kul lak mala min nan nath phan phong porn rak ratna seth sak siri song suk tana thep wan wong"),
		women:  strings.Fields("Anong Bopha Chanda Dara Kanya Lalita Mali Nary Priya Rani Sita Sunee Tara Veena Wati Yuna"),
		men:    strings.Fields("Anan Bora Chai Dara Kiri Niran Oudom Prem Rithy Samnang Sovan Surya Thet Vanna Win Yudi"),
	},
	{
		first:  strings.Fields("A Ba Cha De E Fo Ge Ka Ki Lu Ma Mu Na Ngo O Ru Sa Si Ta Te U Wa Za Zu"),
		middle: strings.Fields("ba be bo da de fu ga go ka ke ko la lo ma mba mu na nde ni ra ru ta wa zi"),
		last:   strings.Fields("bwe chi dile fula gani himbi kazi kubo landa lele mbe moyo nda nga nje ogo pande raji sana tembo uma wale yemi zulu"),
		women:  strings.Fields("Abeni Chipo Dalila Eshe Fola Imani Kesi Lulama Makena Nala Oba Sanaa Thandi Wanja Zola Ayo"),
		men:    strings.Fields("Abasi Chike Dumi Ekon Jabari Kofi Lewa Mosi Nuru Obi Paki Rudo Sefu Tano Uzo Zuberi"),
	},
}

// surname returns a family name, drawn or fresh.
func (g *Generator) surname() surname {
	return g.surnames.next(g.rng, func() surname {
		s := surname{culture: g.rng.IntN(len(cultures))}
		c := &cultures[s.culture]
		s.text = pick(g.rng, c.first) + pick(g.rng, c.middle) + pick(g.rng, c.middle) + pick(g.rng, c.last)
		switch x := g.rng.Float64(); {
		case x < rateNotASCII/4:
			s.mrz, s.script, s.text = strings.ToUpper(s.text), "Cyrl", cyrillic.Replace(s.text)
		case x < rateNotASCII:
			s.text = s.withMark(g.rng.IntN(len(s.text)))
		}
		return s
	})
}

// withMark puts a mark on the first letter that can bear one, from i on and
// round again.
func (s surname) withMark(i int) string {
	const plain, marked = "aceinosuyz", "áčéíñøšüýž"
	for range len(s.text) {
		if at := strings.IndexByte(plain, s.text[i]); at >= 0 {
			return s.text[:i] + string([]rune(marked)[at]) + s.text[i+1:]
		}
		i = (i + 1) % len(s.text)
	}
	return s.text + "é"
}

// surnameOf returns the surname of a person the generator has made.
func surnameOf(id *Identity) surname {
	n := id.Names[0]
	s := surname{text: n.Family, script: n.Script}
	if n.MRZ != "" {
		s.mrz, _ = parseMRZName(n.MRZ)
	}
	return s
}

func (g *Generator) name(s surname, sex Sex) Name {
	c := &cultures[s.culture]
	names := c.men
	if sex == Female {
		names = c.women
	}
	given := pick(g.rng, names)
	if g.rng.Float64() < rateLongName {
		for utf8.RuneCountInString(given+" "+s.text) <= maxMRZName {
			given += " " + pick(g.rng, names)
		}
	}
	n := Name{Family: s.text, Given: given}
	if s.mrz != "" {
		n.MRZ, n.Script = formatMRZName(s.mrz, strings.ToUpper(given)), s.script
		n.Given = cyrillic.Replace(given)
	}
	n.Full = n.Given + " " + n.Family
	return n
}

// maxMRZName is the length of the name field of a passport.
const maxMRZName = 39

// cyrillic respells invented names; it is no transliteration of real ones.
var cyrillic = strings.NewReplacer(
	"a", "а", "b", "б", "c", "ц", "d", "д", "e", "е", "f", "ф", "g", "г", "h", "х", "i", "и", "j", "й", "k", "к", "l", "л", "m", "м",
	"n", "н", "o", "о", "p", "п", "q", "к", "r", "р", "s", "с", "t", "т", "u", "у", "v", "в", "w", "в", "x", "кс", "y", "ы", "z", "з",
	"A", "А", "B", "Б", "C", "Ц", "D", "Д", "E", "Е", "F", "Ф", "G", "Г", "H", "Х", "I", "И", "J", "Й", "K", "К", "L", "Л", "M", "М",
	"N", "Н", "O", "О", "P", "П", "Q", "К", "R", "Р", "S", "С", "T", "Т", "U", "У", "V", "В", "W", "В", "X", "Кс", "Y", "Ы", "Z", "З",
)
