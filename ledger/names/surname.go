package names

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
