package names

import "strings"

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
