package names

import "strings"

// set makes a set of the words of a text.
func set(text string) map[string]bool {
	out := make(map[string]bool)
	for w := range strings.FieldsSeq(text) {
		out[w] = true
	}
	return out
}

// particles join the parts of a name. The same words may be names of their own
// at its start (Ben, Le, Van), where they are not taken for particles.
var particles = set(`al el ul il bin ben ibn bint bnt binti ould oulad ait von van vom zu zum zur de del della di da do dos das du des la le las los lo
	den der ter ten op af av y e ap mac mc st saint san na of the und and et`)

// leading are the particles that are no family names at the start of a name.
var leading = set("al el ibn bint von vom zu zum zur de del della dos das der den")

// degrees stand at the end of a name.
var degrees = set("phd md esq llb llm msc bsc mba kc qc")

// articles are particles that may also be written into the next word or before
// it with the sound of its first letter: as-Sadr, ar-Rashid.
var articles = set("al el ul il ur us ush un ud ar er as es ash esh an en at et az ez ad ed")

// titles are forms of address and ranks.
var titles = set(`mr mrs ms miss mister dr doctor prof professor sir lord lady dame hon rev reverend father fr sister brother monsieur mme madame mlle herr frau
	don dona senor senora srta gen general col colonel maj major capt captain lt lieutenant sgt sergeant cmdr commander adm admiral president minister
	prince princess king queen emir amir sultan shaykh sheikh shaikh shekh sheik cheikh sheykh shaikha shaykha hajji haji hadji hajj haj alhaj alhaji hajia mullah mulla molla maulvi maulavi mawlawi mawlana maulana
	imam ayatollah hojjatoleslam ustad ustaz mufti qari hafiz sayyid syed sayed sayyed seyed sayid shri sri smt shrimati kumari pandit datuk dato tun tan tengku comrade engineer eng ing
	mg daw saw sai nang maung ashin sayadaw lok neak oknha samdech nai nang khun phra nak thao ong ba`)

// softTitles are titles in the tables above that are names just as often; they
// count as titles only at the start of a name of three words or more.
var softTitles = set("don dame king prince sultan amir emir general major father sister brother tan tun saw sai nang maung ba ong khun thao nai lok haji hajji syed sayed sayyid sayyed seyed sayid hafiz qari daw mg ing miss minister fr st imam")

// suffixes tell generations apart.
var suffixes = set("jr sr junior senior ii iii iv vi vii viii filho neto sobrinho")

// suffixValue brings spellings of one suffix together.
var suffixValue = map[string]string{"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "filho": "jr"}

// commonNames are borne by so many that they say little alone.
var commonNames = set(`muhammad mohammed mohammad mohamed mohamad ahmed ahmad ali hassan hasan hussein husayn hussain khan abdullah abdallah ibrahim omar umar khalid
	yusuf said mahmud mahmoud mustafa salim saleh salih singh kumar kaur devi begum bibi kim lee li park choi wang zhang liu chen yang huang zhao wu zhou nguyen tran le pham
	garcia rodriguez martinez lopez gonzalez hernandez perez sanchez smith john david michael james robert maria jose juan ana ivanov ivan sergey sergei vladimir alexander aleksandr
	andrei andrey dmitry mikhail nikolai anna elena olga natalia silva santos souza oliveira abu ismail musa hamid rashid karim aziz rahman abd aung win myint kyaw htun zaw hla min tun khin
	min ho da ko na mu nur haji syed sayed`)

// commonKin are the lines of the tables in which a common name stands.
var commonKin = func() map[uint16]bool {
	out := make(map[uint16]bool)
	for w := range commonNames {
		for _, id := range kinOf[w] {
			out[id] = true
		}
	}
	return out
}()

// isCommon reports whether very many bear the name, in one of its forms.
func isCommon(text string, kin []uint16) bool {
	if commonNames[text] {
		return true
	}
	for _, id := range kin {
		if commonKin[id] {
			return true
		}
	}
	return false
}
