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

// kinTable lists names that stand for each other: short forms, translations and
// spellings too far apart for letters to show, one family a line. Two names of
// different lines are two names, however near their letters.
const kinTable = `
alexander alex aleksandr alexandre alejandro alessandro sasha sascha aleksander iskandar iskander xander sandro olexandr oleksandr aliaksandr sandor
alexandra sasha sandra alejandra alessandra aleksandra
alexei aleksei alexey alyosha lyosha alexis oleksiy
andrew andrei andrey andreas andre andres andrea andy drew andriy andrzej andrej ondrej
anthony tony anton antonio antoine toni antonin
anastasia nastya nastia stacy
anna anne ann hannah chana hanna ana annie anya ania
abigail abby
benjamin ben benny bibi benji binyamin benyamin
bartholomew bart
barbara barb basia
catherine katherine kathryn kate katie kathy cathy cat katarina katerina ekaterina yekaterina katya katia catalina caterina kateryna
charles charlie chuck carl karl carlos carlo karel karol
christopher chris cristobal christophe kristof topher
christina christine chris tina kristina cristina khrystyna
daniel dan danny danila danylo daniil
david dave davy dawood dawud daud dawid davit
deborah debbie deb
dmitry dmitri dima mitya dmytro dimitri dimitrios dmitrij
donald don donny
edward ed eddie ted ned eduard eduardo edouard
elizabeth liz lizzie beth betty eliza elisabeth elisabetta elisaveta yelizaveta isabel isabella lisa liza bess elzbieta
emily em emilia
eugene yevgeny evgeny evgeni yevgeni gene zhenya evgenij eugen yevhen eugenio ievgen
fatima fatma fatemeh fatouma fatoumata fatimah
felix feliks
francis francisco frank francois francesco franz frantisek pancho paco frans
frederick fred friedrich freddy federico frederic fritz fryderyk
gabriel gabe gavriil jibril jibreel
gennady gena
george jorge georg giorgio georgy georgi yuri georges jerzy jiri giorgi yuriy yury
gerald gerry jerry gerard
gregory greg grigory grigori grzegorz hryhoriy grisha
harold harry hal
henry hank harry heinrich henri enrique henryk hendrik heinz enrico
hussein husayn hossein hussain husein housseine hocine husain hussien
ignatius ignacio nacho ignacy
isaac ishaq itzhak yitzhak isak ike
ibrahim abraham avraham ebrahim brahim abe avram abram
ishmael ismail ismael
ivan vanya john johann johannes juan jean giovanni joao jan johan hans jon jack johnny ian sean yohanes yahya yuhanna ioan ioannis giannis janos jovan ivo hovhannes evan yann
jacob jakob jacques james jim jimmy jaime diego santiago iago yaakov yaqub yakub jakub giacomo jake jamie yakov yaakov yakiv jacobo
jeffrey jeff geoffrey geoff
jennifer jen jenny
jessica jess
joan joanna jane jeanne joanne juana giovanna johanna ivanna yana
jonathan jon jonny natan
joseph joe jose josef giuseppe yosef yusuf yousef yousuf youssef josip iosif pepe jozef joey osip yosyp yussuf youcef yusif
joshua josh yehoshua
julia yulia juliya iulia giulia
kenneth ken kenny
lawrence larry laurence lorenzo laurent lars
leonard leo len leon leonid lionel
lev leo leon
leonid lyonya leonidas
lucas luke luca luc lukas lukasz
louis luis lewis luigi ludwig lou
ludmila lyudmila lyuda liudmyla
magdalena magda lena madeleine
margaret maggie meg peg peggy margarita rita marguerite greta malgorzata
mark marc marcus marco marcos marek markus
martin marty martinus
mary maria marie mariya maryam miriam mariam molly masha marija mary
matthew matt matteo mateo matthias matvei mathieu mateusz matthieu matias
megan meg
michael mike mikhail miguel michel mick mickey misha mikhael michal mykhailo mihail mihai michele mikael mischa mikel
mohammad muhammad mohamed mohammed muhammed mahomet mehmet mohamad mohd md muhd mamadou mohamud muhamad mehmed magomed mukhamed mohammod mohamud mochamad mochammad muhamed mamadu
moses moshe musa moussa moises mozes mose
nathan nate nathaniel
natalia natalya natasha nathalie nataliya natalie
nicholas nick nikolai nicolas nikolaus nikola niko mykola kolya nicola nikolay nikolaos klaus mikolaj nico nikos miklos
oleg oleh
olga olha olya
omar umar omer umer
osama usama ussama
othman uthman usman osman ousmane
pamela pam
patricia pat patty tricia
patrick pat paddy padraig patricio
paul pablo pavel paulo paolo pavlo bulus paula pal pol
peter pete pedro pierre piotr petr pyotr pietro petro butrus pieter petar petros piero
philip phil felipe philippe filipp filip
raymond ray ramon raimundo
rebecca becky
richard rick dick rich ricky ricardo riccardo
robert bob bobby rob roberto robbie bert
ronald ron ronny ronaldo
rudolf rudy rodolfo
salah saleh
salman suleiman sulaiman suleyman solomon soliman sulayman sulejman soulaymane
samuel sam sammy shmuel
sergei sergey serge sergio serhiy serhii sergiu sergij
sarah sara sally
simon shimon semyon semen simeon simone sam
stanislav stan stas stanislaw stanislas
stephen steven steve stefan stephan esteban stepan etienne stefano istvan szczepan stefanos
susan sue suzanne susana susie zuzana
svetlana sveta svitlana
tatiana tanya tatyana tetiana
theodore ted teddy fyodor fedor teodor theo theodor fedir todor
thomas tom tommy tomas tommaso toma foma
timothy tim timofey timur
valentina valya
vasily basil vasyl vasile basilio vasilios
victor viktor vic vittorio
victoria vicky viktoria viktoriya
vincent vince vincenzo vicente
vladimir vova volodya volodymyr wladimir wolodymyr uladzimir vlodimir vladimer vlad volodimir
vladislav vlad wladyslaw ladislav laszlo vladyslav
vyacheslav slava viacheslav
wilhelm william bill will billy guillermo guillaume willy willem guglielmo vilhelm liam wim
xavier javier
yaroslav jaroslav jaroslaw
zachary zach zack zakaria zakariya zekeriya
abdullah abdallah abdulla abdalla abdellah
ahmad ahmed ahmet ahmat akhmed achmad
aisha ayesha aicha aysha ayse
ali aly
jamal gamal djamel jamel cemal
khalid khaled halit haled
mahmoud mahmud mahmood mehmood
mustafa mustapha moustafa mostafa
abu abou abo abi
abubakar boubacar bakr bakari abubakr
jesus isa issa
amin amine emin
osman usman
hasan hassan
said saeed sayed saed saad
nasir nasser nasr naser
yunus jonah younes yunis younis
gaddafi qaddafi kadhafi qadhafi khadafi
mohamoud mahmoud
teresa therese theresa tereza terry
veronica veronika
walter walt vladimir
winston win
marta martha
marina
mariana marianna
marcela
marcello marcelo
marian
mario
martina
carmen
carmela
carolina caroline
carla
clara klara
claudia
claudio
cristian christian kristian
emilio emil
emma
enzo
erik eric erich
erika erica
esther ester
eva ewa
fabian
fabio
fernando hernando
rodrigo
gonzalo
gloria
gustavo gustav
hector
helena elena olena
helga
hugo
inga
ingrid
irina iryna
irene
ines inez
igor ihor
ilya ilia illia
karen
karin
kevin
kirill kyrylo cyril
laura
laila layla leila
larisa larysa
lidia lydia
linda
lorena
lucia lucy
luisa louise
lyubov
maxim maksim maksym maxime
manuel emanuel emmanuel manolo
marat
monica monika
nadia nadya nadezhda nadiia
nina
nora
oscar oskar
pilar
rafael raphael
rashid rasheed rachid
rasul rasool
raul
renata
rene
ricarda
roman
rosa rose
rosario
ruben reuben
ruslan
ruth
sabina sabine
samir sameer
silvia sylvia
sofia sophia sophie zofia
sonia sonya sonja
tamara
taras
ulrich
ursula
uwe
valeria valeriya
valery valeriy valerii
vera
viola
violeta violetta
zoya
rajesh
ramesh
suresh
mahesh
dinesh
mukesh
rakesh
naresh
ganesh
umesh
anil
sunil
sushil
amit
ajit
ajay
vijay
sanjay
rohit
mohit
mohan
sohan
rohan
kavita
savita
sunita
sumitra
anita
geeta gita
sita seeta
lalita
pooja puja
priya
deepa dipa
deepak dipak
rahul
vikram
arun
varun
tarun
karan
kiran
nisha
usha
asha
karim kareem
rahim raheem
hakim hakeem
salim saleem selim
hamid hameed
hamed hamad
majid majeed
wahid waheed
walid waleed oualid
khalil
jalil jaleel
jamil jameel
kamil kameel
kamal kamel kemal
faisal faysal
fahd fahad
farid fareed
farhad
farhan
rashad
rashida
bashir basheer bachir
bassam
basim bassem
qasim qassem kassem
hashim hashem
hisham hicham
hazem hazim
nadim nadeem
nazim
naim naeem
nabil nabeel
jabir jaber
sabir saber
zahir zaher
tahir taher
tariq tarek tarik
adel adil
adnan
ayman aymen
anwar anouar
amir ameer emir
samira
amira
munir mounir
muna mona
nura noura
huda houda hoda
zainab zaynab zeinab zeynep
zaid zayd
ziad ziyad
iyad eyad
murad mourad murat
yasin yassin yassine yaseen
yasir yasser
bilal belal
hamza hamzah
idris idriss driss
imad emad
fuad fouad
jawad
sajid
shahid
rafiq rafik
tawfiq toufic taoufik
nurul
agus
bagus
budi
rudi
dedi
yudi
andi
hendra
indra
candra
dewi
dwi
tri
eko
joko djoko
iwan
wahyu
hiroshi
takashi
satoshi
hiroki
kenji
koji
shinji
kenta
ichiro
jiro
saburo
taro
yuki
yumi
emeka
chidi
obinna
ngozi
amina aminata
hakan
emre
emine
mert
elif
levan
tornike
nino
`

// surnameTable lists readings of one Chinese, Korean or Vietnamese surname:
// Mandarin first, then Wade-Giles, Cantonese, Hokkien, Teochew, Vietnamese.
const surnameTable = `
zhang chang cheung teo teoh tiong truong chong
wang wong ong heng vuong
li lee lei ly
liu lau low liew luu lao
chen chan tan tran chin
yang yeung yeo yeoh duong yong
huang wong ng ooi uy hwang hoang huynh
zhao chao chiu trieu teo
wu ng goh vu ngo
zhou chou chow chew chu chau
xu hsu tsui hui
sun suen sng ton
ma mah beh
zhu chu choo
hu woo
guo kuo kwok quek quach kwek
he ho hoh ha
lin lam lim lum
gao kao ko
luo lo law loh la
zheng tay teh trinh cheng
liang leung neo luong leong
xie hsieh tse chia cheah
tang tong dang
deng teng
feng fung phung fong
cao tsao cho chow tsoi
peng pang phang banh
zeng tseng tsang
xiao hsiao siu siew tieu siau
cai tsai choi chua chuah thai choy
pan poon phan phua pun
tian tien tin chan dien
dong tung tong
yuan yun yuen nguyen
yu yue yee
su so soh to
jiang chiang keung kiang khuong kong
ye yip yap diep yeh
lu loke luk
ruan yuen nguyen
du too toh do
cheng ching thia
wei ngai nguy
shen shum sim sum tham
jin kam kim kum
xue hsueh sit tiet
hou hau
shi shek sik thach seah
kong hung kung khong
qian chien chin tien
tan tam hum
zhong chung cheong
jia chia ka
fan faan hwan pham fam
fang fong hong png phuong
qiu chiu yau khoo khu hew
liao leow liaw
yan yen ngan
im lim rim yim leem
ryu yoo yu you lyu ryoo
lee yi ri rhee li rhi
jung jeong chong chung cheong joung jong
park pak bak park
choi choe chay tsoi
noh roh no ro
kang gang
cho jo joe
jang chang
shin sin
baek paek paik baik
kwon gwon
oh o
an ahn
yoon yun youn
bae pae
seo so suh
moon mun
han hahn
heo hur huh ho
koo gu ku goo
woo u wu
jeon chon jun chun
ko go koh goh
joo ju chu
`

// kinOf maps a name to the lines of both tables that it stands in; those of
// surnameTable have surnameBit.
var kinOf = func() map[string][]uint16 {
	out := make(map[string][]uint16)
	for k, table := range []string{kinTable, surnameTable} {
		for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
			id := uint16(i) | uint16(k)*surnameBit
			for w := range strings.FieldsSeq(line) {
				if n := len(out[w]); n == 0 || out[w][n-1] != id {
					out[w] = append(out[w], id)
				}
			}
		}
	}
	return out
}()

const surnameBit = 1 << 15

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
