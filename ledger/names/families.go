package names

import "strings"

// familyTable lists family names borne by very many that a letter or two tell
// from another such name; spellings of one stand on a line. Two of them are two
// families: an error seldom makes one of the other.
const familyTable = `
garcia
garza
martinez
martins
martin
marin
marino
hernandez
fernandez fernandes
rodriguez rodrigues
gonzalez gonzales
goncalves
perez peres
jerez
lopez lopes
gomez gomes
gimenez jimenez ximenez
diaz dias
ruiz
ramirez
ramos
romero
romano
romanov
moreno
morena
morales
moraes morais
molina
medina
mendez mendes
mendoza
navarro
castro
castillo
campos
torres
flores
reyes
rojas
rivera
rivas
vargas
vasquez vazquez velasquez velazquez
valdez valdes
sanchez
santos
santana
silva
salas
salazar
salinas
souza sousa
soares suarez
soto
costa
acosta
carvalho
cardoso
cardozo
correa
ferreira
herrera
ferrari
ferrara
ferrer
pereira
oliveira
nunes nunez
alves alvarez alvares
almeida
ribeiro
rocha
rossi
russo
rizzo
ricci
riva
conti
costi
bruno
bianchi
bianco
lombardi
lombardo
moretti
mancini
martini
marini
greco
gallo
galli
smith
schmidt schmitt schmid
schmitz
schulz schultz schulze
schwarz schwartz
schwab
schneider
schreiber
schroder schroeder
weber
wagner
weiss
wolf wolff
werner
winter
walter
walker
waller
keller
kelly kelley
miller
muller mueller
moller moeller
mohler
meier meyer mayer maier
moser
becker
becher
bauer
brauer
braun
brown browne
bron
lehmann
leitner
hofmann hoffmann hoffman
hartmann
hermann herrmann
huber
hauser
fischer fisher
fuchs
franke
frank
krause kraus
kruger krueger
kramer
kremer
koch
kohler koehler
koller
konig koenig
richter
ritter
roth
vogel
vogt
ziegler
zimmermann zimmerman
johnson
jonson jonsson
johnston
johansson johansen
jackson
jansen janssen
jensen
hansen hanson
hansson
larsen larson larsson
nielsen nilsson nelson
olsen olson olsson
petersen peterson pedersen
andersen anderson andersson
christensen christiansen
williams
williamson
wilson
watson
wilkinson
wilkins
wright
wood
woods
ward
wade
taylor
tyler
turner
tanner
thomas
thompson thomson
thorpe
davis davies
davidson
harris
harrison
hall
hill
hull
hale
hayes
hughes
hunt
hunter
carter
cartwright
clark clarke
cole
coleman
collins
cook cooke
cooper
cox
evans
edwards
foster
ford
fox
graham
gray grey
green greene
griffin
griffith griffiths
james
jones
king
knight
lewis
lee
marsh
marshall
mason
mills
mitchell
moore
moor
morgan
morris
morrison
murray
murphy
parker
parkes parks
palmer
phillips
powell
price
reed reid
rice
roberts
robertson
robinson
rogers
ross
russell
scott
shaw
simmons
simons
simpson
sims
stone
stevens stephens
stevenson
stewart stuart
white
whyte
ivanov
ivanchenko
ivashov
ivantsov
petrov
petrenko
pavlov
pavlenko
popov
popova
smirnov
semenov semyonov
sidorov
simonov
sokolov
stepanov
volkov
vlasov
belov
bykov
orlov
kozlov
kotov
krylov
kovalev kovalyov
kovalenko
kovalchuk
kuznetsov
novikov
nikitin
nikolaev
makarov
markov
morozov
romanenko
zaitsev zaytsev
zakharov
boyko boiko
bondarenko
shevchenko
kowalski
kowalczyk
nowak novak
nowicki
novotny
kaminski
kwiatkowski
lewandowski
wisniewski
zielinski
yilmaz
yildiz
yildirim
kaya
kara
koc
demir
ozdemir
celik
sahin
aydin
arslan aslan
dogan
kilic
ozturk
patel
patil
pathak
sharma
varma verma
mehta
mehra
mishra misra
gupta
yadav
jadhav
kumar
kumari
kapoor kapur
khan
khanna
shah
shaikh sheikh shaykh
singh
sinha
roy
rao
rai
das
dutta datta
ghosh
gosh
bose
basu
reddy
nair
iyer
joshi
doshi
desai
hosseini husseini hussaini
hasani hassani
ahmadi
ahmedov akhmedov
karimi
karami
rahimi
rahmani
rezaei rezai
razavi
moradi
mohammadi muhammadi
mahmoudi mahmudi
sharifi
jafari
hashemi hashimi
kazemi kazimi
qasimi qasemi
maliki
malik malek
saleh salih
salem salim
saeed said
saad
nasser nasir
nassar
mansour mansur
mansouri
hamdan
hamdi
hamad
hamid
haddad
hadad
darwish
khalil
khalid khaled
khalaf
jaber jabir
jabbar
harbi
harb
otaibi utaybi
ghamdi
hamdani
dosari dossari
shehri shahri
zahrani
qahtani kahtani
shammari
shamari
tanaka
takada
takeda
yamada
yamamoto
yamashita
sato
saito
ito
endo
kato
kondo
nakamura
nakayama
kobayashi
matsumoto
matsuda
suzuki
sasaki
okada
ogawa
mori
morita
hayashi
santoso
susanto
sutrisno
setiawan
hermawan
kurniawan
gunawan
wijaya
hidayat
nugroho
okafor
okoro
okonkwo
okoye
obi
adeyemi
adebayo
mensah
diallo
diarra
traore
toure
keita
kone
kante
ndiaye
nguyen
dang
dinh
trinh
tran
`

// houseOf maps a family name to its line, from 1.
var houseOf = func() map[string]uint16 {
	out := make(map[string]uint16)
	for i, line := range strings.Split(strings.TrimSpace(familyTable), "\n") {
		for w := range strings.FieldsSeq(line) {
			out[w] = uint16(i + 1)
		}
	}
	return out
}()
