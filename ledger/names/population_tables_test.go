package names

// The tables of population_test.go: names in common use, drawn apart.

const arabGiven = `Muhammad/Mohamed/Mohammed=محمد Ahmad/Ahmed=أحمد Ali=علي Hasan/Hassan=حسن Husayn/Hussein/Hussain=حسين Khalid/Khaled=خالد Umar/Omar=عمر Yusuf/Youssef/Yousef=يوسف
Ibrahim=إبراهيم Ismail/Ismael=إسماعيل Abdullah/Abdallah=عبدالله Abd_al-Rahman/Abdul_Rahman/Abdelrahman=عبد_الرحمن Abd_al-Aziz/Abdulaziz/Abdelaziz=عبد_العزيز Abd_al-Karim/Abdul_Karim=عبد_الكريم
Mahmud/Mahmoud=محمود Mustafa/Moustafa=مصطفى Salih/Saleh=صالح Salim/Saleem=سالم Nasir/Nasser=ناصر Tariq/Tarek=طارق Walid/Waleed/Oualid=وليد Faysal/Faisal/Faycal=فيصل Fahd/Fahad=فهد
Bassam=بسام Imad/Emad=عماد Ziyad/Ziad=زياد Iyad/Eyad=إياد Samir/Sameer=سمير Munir/Mounir=منير Jamal/Gamal/Djamel=جمال Kamal/Kamel=كمال Adil/Adel=عادل Majid/Majed=ماجد Rashid/Rasheed/Rachid=رشيد
Said/Saeed=سعيد Sad/Saad=سعد Hamza/Hamzah=حمزة Bilal/Belal=بلال Anas=أنس Ayman=أيمن Usama/Osama=أسامة Muawiya/Moawia=معاوية Uthman/Othman=عثمان Harith/Hareth=حارث Qasim/Qassem/Kassem=قاسم
Abbas=عباس Jafar/Jaafar=جعفر Haydar/Haider=حيدر Sabah=صباح Ghazi=غازي Yasin/Yassin/Yassine=ياسين Nur/Nour=نور Layla/Leila=ليلى Fatima/Fatimah=فاطمة Zaynab/Zeinab=زينب Amina=آمنة Huda/Hoda=هدى Mariam/Maryam=مريم`

const arabFamily = `al-Dulaimi/al-Dulaymi=الدليمي al-Jaburi/al-Jubouri/al-Juburi=الجبوري al-Ubaydi/al-Obeidi/al-Ubaidi=العبيدي al-Shammari/Alshammari=الشمري al-Otaibi/al-Utaybi=العتيبي al-Harbi/Alharbi=الحربي
al-Qahtani/al-Kahtani=القحطاني al-Ghamdi=الغامدي al-Zahrani=الزهراني al-Maliki=المالكي al-Hashimi/al-Hashemi=الهاشمي al-Basri/Basri=البصري al-Baghdadi=البغدادي al-Masri/el-Masry=المصري al-Shami=الشامي
al-Yamani=اليماني al-Sanani=الصنعاني al-Hadrami=الحضرمي al-Libi/al-Liby=الليبي al-Tunisi/Tounsi=التونسي Haddad/al-Haddad=الحداد Najjar/al-Najjar=النجار Khoury/Khuri=خوري Mansur/Mansour=منصور
Hamdan=حمدان Sulayman/Suleiman=سليمان Zaydan/Zeidan=زيدان Darwish=درويش Qasim/Kassem=قاسم Sharif/Cherif=شريف Bakri/al-Bakri=البكري Rifai/al-Rifai=الرفاعي Kilani/al-Kilani=الكيلاني Halabi/al-Halabi=الحلبي
Hamawi/al-Hamwi=الحموي Trabulsi/Trabelsi=طرابلسي Ayyubi/al-Ayoubi=الأيوبي Qudsi/al-Qudsi=القدسي Khatib/al-Khatib=الخطيب Sabbagh=صباغ Fakhouri/Fakhuri=فاخوري Habib=حبيب Nassar=نصار Shahin/Chahine=شاهين
Barakat=بركات Awad=عوض Ghanim/Ghanem=غانم Jabir/Jaber=جابر Tawfiq/Toufic=توفيق Zuhayr/Zuhair=زهير Murad/Mourad=مراد Bouazizi=بوعزيزي Benali/Ben_Ali=بن_علي Mabruk/Mabrouk=مبروك al-Kubaisi/al-Kubaysi=الكبيسي
al-Janabi=الجنابي al-Samarrai/al-Samarai=السامرائي al-Tamimi=التميمي al-Khazraji=الخزرجي al-Saadi/al-Sadi=السعدي al-Rubaie/al-Rubayi=الربيعي al-Ani=العاني al-Hadithi=الحديثي al-Mutairi/al-Mutayri=المطيري`

const afghanGiven = `Gul/Gol=گل Zahir/Zaher=ظاهر Nazir/Nazeer=نذیر Bashir/Basheer=بشیر Rahim/Raheem=رحیم Karim/Kareem=کریم Wali=ولی Sher=شیر Akbar=اکبر Aslam=اسلم Daud/Dawood=داود Farid/Fareed=فرید
Hakim/Hakeem=حکیم Jamil/Jameel=جمیل Khwaja=خواجه Latif/Lateef=لطیف Mirwais=میرویس Naim/Naeem=نعیم Qadir/Qadeer=قدیر Rasul/Rasool=رسول Sabir/Saber=صابر Taj=تاج Yaqub/Yaqoob=یعقوب Zalmay=زلمی
Najib/Najeeb=نجیب Haji_Gul=حاجی_گل Abdul_Ghani=عبدالغنی Abdul_Wahid/Abdul_Wahed=عبدالواحد Abdul_Qayum/Abdul_Qayyum=عبدالقیوم Amanullah=امان_الله Hamidullah=حمیدالله Rahmatullah=رحمت_الله
Nasrullah=نصرالله Habibullah=حبیب_الله Ihsanullah/Ehsanullah=احسان_الله Parwiz/Parwez=پرویز Reza=رضا Mehdi/Mahdi=مهدی Hossein=حسین Behrouz/Behruz=بهروز`

const afghanFamily = `Achakzai=اڅکزی Noorzai/Nurzai=نورزی Popalzai=پوپلزی Barakzai=بارکزی Yusufzai/Yousafzai=یوسفزی Ahmadi=احمدی Mohammadi/Muhammadi=محمدی Karimi=کریمی Rahimi=رحیمی Hosseini/Husseini=حسینی Rezai/Rezaei=رضایی
Ghaznavi/Ghaznawi=غزنوی Herati=هراتی Kandahari/Qandahari=قندهاری Balkhi=بلخی Wardak=وردک Stanikzai/Stanekzai=ستانکزی Zadran/Dzadran=ځدران Mangal=منگل Safi=صافی Afridi=آفریدی Durrani=درانی Ghilzai=غلزی Panjshiri=پنجشیری
Badakhshi=بدخشی Nuristani/Nooristani=نورستانی Faryabi=فاریابی Sadat=سادات Hashimi/Hashemi=هاشمی Qasimi/Qasemi=قاسمی Azizi=عزیزی Sharifi=شریفی Jafari=جعفری Moradi/Muradi=مرادی Tabrizi=تبریزی Shirazi=شیرازی Tehrani=تهرانی Yazdi=یزدی`

const russianGiven = `Aleksandr/Alexander/Alexandr=Александр Sergei/Sergey=Сергей Dmitrii/Dmitry=Дмитрий Andrei/Andrey=Андрей Aleksei/Alexey=Алексей Nikolai/Nikolay=Николай Mikhail=Михаил Iurii/Yuri/Yury=Юрий
Evgenii/Evgeny/Yevgeny=Евгений Viacheslav/Vyacheslav=Вячеслав Igor=Игорь Oleg=Олег Pavel=Павел Roman=Роман Ruslan=Руслан Timur=Тимур Shamil=Шамиль Magomed=Магомед Ilia/Ilya=Илья Gennadii/Gennady=Геннадий
Artem/Artyom=Артём Fedor/Fyodor=Фёдор Petr/Pyotr=Пётр Semen/Semyon=Семён Anatolii/Anatoly=Анатолий Vasilii/Vasily=Василий Kirill=Кирилл Denis=Денис Maksim/Maxim=Максим Iaroslav/Yaroslav=Ярослав
Natalia/Natalya=Наталья Olga=Ольга Svetlana=Светлана Ekaterina/Yekaterina=Екатерина Tatiana/Tatyana=Татьяна Iuliia/Yulia/Julia=Юлия`

const russianStems = `Belia/Belya=Беля Gorshk/Gorshk=Горшк Shchuk/Shchuk=Щук Zhuk/Zhuk=Жук Kharit/Kharit=Харит Tsvetk/Tsvetk=Цветк Chern/Chern=Черн Iash/Yash=Яш Ershk/Yershk=Ершк Lebed/Lebed=Лебед Medved/Medved=Медвед
Solov/Solov=Солов Vorob/Vorob=Вороб Golub/Golub=Голуб Kuzn/Kuzn=Кузн Morozk/Morozk=Морозк Petrukh/Petrukh=Петрух Sidork/Sidork=Сидорк Timosh/Timosh=Тимош Ulian/Ulyan=Ульян Filat/Filat=Филат Shapk/Shapk=Шапк Baidak/Baydak=Байдак
Gadzhi/Gadzhi=Гаджи Khasav/Khasav=Хасав Abdulk/Abdulk=Абдулк Zakhar/Zakhar=Захар Dolgopol/Dolgopol=Долгопол`

const russianEndings = `ov=ов ev=ев in=ин enko=енко skii/sky=ский iuk/yuk=юк ovich=ович`

const chineseFamily = `Wang=王 Li=李 Zhang=张 Liu=刘 Chen=陈 Yang=杨 Huang=黄 Zhao=赵 Wu=吴 Zhou=周 Xu=徐 Sun=孙 Ma=马 Zhu=朱 Hu=胡 Guo=郭 He=何 Gao=高 Lin=林 Luo=罗 Zheng=郑 Liang=梁 Xie=谢 Song=宋 Tang=唐 Deng=邓 Han=韩 Feng=冯 Cao=曹 Peng=彭
Zeng=曾 Xiao=肖 Tian=田 Dong=董 Yuan=袁 Pan=潘 Cai=蔡 Jiang=蒋 Yu=余 Du=杜 Ye=叶 Cheng=程 Wei=魏 Su=苏 Lu=卢 Ding=丁 Ren=任 Shen=沈 Yao=姚 Ouyang=欧阳`

const chineseFirst = `Jian=建 Guo=国 Xiao=晓 Wen=文 Zhi=志 Ming=明 Hai=海 Yong=永 De=德 Chun=春 Shao=少 Jia=嘉 Yu=玉 Li=丽 Shu=淑 Xue=雪 Tian=天 Zhong=忠 Qing=庆 Rong=荣 Jin=金 Hong=红 Bao=宝 Chang=昌 Fu=福 Xin=新 Zi=子 Yi=一 Si=思 Hao=浩`

const chineseSecond = `guo=国 hua=华 ping=平 jun=军 qiang=强 ming=明 lin=林 feng=峰 wei=伟 bin=斌 mei=梅 fang=芳 ying=英 yan=燕 hong=红 long=龙 hui=辉 gang=刚 liang=亮 xiang=祥 rong=荣 yuan=远 cheng=成 shan=山 ning=宁 tao=涛 lei=雷 bo=波`

const koreanFamily = `Kim=김 Lee=이 Park=박 Choi/Choe=최 Jung/Jeong/Chong=정 Kang=강 Cho/Jo=조 Yoon/Yun=윤 Jang/Chang=장 Lim/Im/Rim=임 Han=한 Oh/O=오 Seo/So=서 Shin/Sin=신 Kwon=권 Hwang=황 Ahn/An=안 Song=송 Hong=홍 Moon/Mun=문 Yang=양 Bae/Pae=배 Baek/Paek=백 Nam=남 Ryu/Yoo=류`

const koreanFirst = `Min=민 Ji/Chi=지 Seong/Song=성 Yeong/Yong/Young=영 Jae/Chae=재 Hyeon/Hyon/Hyun=현 Su/Soo=수 Jun/Joon=준 Chol/Cheol=철 Tae=태 Myeong/Myong/Myung=명 Kyeong/Kyong/Kyung=경 Dong/Tong=동 Sang=상 In=인`

const koreanSecond = `ho=호 su=수 jin/chin=진 hun/hoon=훈 min=민 seok/sok/suk=석 hwan=환 il=일 nam=남 ok=옥 hui/hee=희 woo/u=우 kyu/gyu=규 yong/yeong/young=영 cheol/chol=철 shik/sik=식 gil/kil=길`

const burmesePairs = `Aung=အောင် Kyaw=ကျော် Min=မင်း Myint=မြင့် Win=ဝင်း Htun/Tun=ထွန်း Zaw=ဇော် Hla=လှ Khin=ခင် Soe/So=စိုး Thein=သိန်း Than=သန်း Naing=နိုင် Oo=ဦး Maung=မောင် Lwin=လွင် Moe/Mo=မိုး Htet=ထက် Nyunt=ညွန့် Tin=တင် San=စန်း Mya=မြ Thu=သူ
Htay=ဌေး Phyo/Pyo=ဖြိုး Swe=ဆွေ Ye=ရဲ Yin=ရင် Zin=ဇင် Wai=ဝေ Ko=ကို Thant=သန့် Htoo/Htu=ထူး Lin=လင်း Ohn=အုန်း Sein=စိန် Shwe=ရွှေ Thiha=သီဟ Nanda=နန္ဒ Ei=အိ Phone=ဘုန်း Kyi=ကြည် Nyein=ငြိမ်း Su=စု Hlaing=လှိုင် Thura=သူရ Thin=သင်း Yu=ယု`

const khmerFamily = `Sok=សុខ Chea=ជា Kong=គង់ Ouk/Uk=អ៊ុក Prak=ប្រាក់ Heng=ហេង Keo=កែវ Chan=ចាន់ Mao=ម៉ៅ Sam=សំ Meas=មាស Nhem=ញ៉ែម Pich=ពេជ្រ Ros=រស់ Seng=សេង Tep=ទេព Vong=វង្ស Yim=យឹម Long=ឡុង Lim=លឹម Chhay=ឆាយ Hun=ហ៊ុន Khieu=ខៀវ Som=សោម Suon=សួន Phan=ផាន់`

const khmerGiven = `Sophea=សុភា Sokha=សុខា Dara=ដារ៉ា Bopha=បុប្ផា Vuthy=វុទ្ធី Rithy=រិទ្ធី Samnang=សំណាង Piseth=ពិសិដ្ឋ Chanthou=ចន្ធូ Sovann=សុវណ្ណ Ratana=រតនា Vanna=វណ្ណា Kosal=កុសល Makara=មករា Sarun=សារុន Savuth=សាវុធ Phalla=ផល្លា Chamroeun=ចំរើន Sopheap=សុភាព Thida=ធីតា Bunthoeun=ប៊ុនធឿន Narith=ណារិទ្ធ
Kunthea=គន្ធា Sreymom=ស្រីមុំ Visal=វិសាល Veasna=វាសនា Sothea=សុធា Rachana=រចនា Sereyvuth=សេរីវុឌ្ឍ Monirath=មុនីរ័ត្ន`

const thaiGiven = `Somchai=สมชาย Somsak=สมศักดิ์ Prasert=ประเสริฐ Wichai/Vichai=วิชัย Surachai=สุรชัย Anan/Anant=อนันต์ Kanya=กัญญา Malee/Mali=มาลี Niran=นิรันดร์ Prayut=ประยุทธ์ Sombat=สมบัติ Suchart/Suchat=สุชาติ Thawat/Tawat=ธวัช Wanchai=วันชัย Manop=มานพ Narong=ณรงค์ Pornchai/Phonchai=พรชัย
Ratana/Rattana=รัตนา Sunee/Suni=สุนีย์ Thongchai=ธงชัย Ubon=อุบล Wirat=วิรัตน์ Chaiyo=ไชโย Apichat/Aphichat=อภิชาติ Boonmee/Bunmi=บุญมี Chalerm/Chaloem=เฉลิม Decha=เดชา Kamon/Kamol=กมล Nongnuch/Nongnut=นงนุช Sawat=สวัสดิ์`

const thaiStems = `Jai/Chai=ใจ Sri/Si=ศรี Thong=ทอง Boon/Bun=บุญ Wong=วงศ์ Chan=จันทร์ Suk=สุข Kaew/Kaeo=แก้ว Phan/Pan=พันธ์ Rak=รัก In=อิน Saeng=แสง Porn/Phon=พร Rat=รัตน์ Chai=ชัย Wichit=วิจิตร Siri=สิริ`

const thaiEndings = `dee/di=ดี sawat=สวัสดิ์ wong=วงศ์ kul/kun=กุล prasert=ประเสริฐ rueang/ruang=เรือง thong=ทอง mak=มาก suk=สุข sri/si=ศรี pan/phan=พันธ์ mongkol/mongkhon=มงคล chai=ชัย nat=นาถ`

const indianGiven = `Ramesh=रमेश Suresh=सुरेश Rajesh=राजेश Mahesh=महेश Dinesh=दिनेश Anil=अनिल Sunil=सुनील Vijay=विजय Ajay=अजय Sanjay=संजय Amit=अमित Rohit=रोहित Mohan=मोहन Krishna=कृष्ण Gopal=गोपाल Narayan=नारायण Prakash=प्रकाश Ravi=रवि Ashok=अशोक Deepak/Dipak=दीपक
Vikram=विक्रम Arun=अरुण Manoj=मनोज Pankaj=पंकज Sandeep/Sandip=संदीप Lakshmi/Laxmi=लक्ष्मी Sita/Seeta=सीता Gita/Geeta=गीता Sunita=सुनीता Kavita=कविता Pooja/Puja=पूजा Neha=नेहा Shanti=शांति Savitri=सावित्री Meena/Mina=मीना`

const indianFamily = `Sharma=शर्मा Verma/Varma=वर्मा Gupta=गुप्ता Mishra/Misra=मिश्रा Tiwari=तिवारी Pandey/Pande=पांडेय Yadav=यादव Chauhan=चौहान Rathore/Rathor=राठौर Thakur=ठाकुर Joshi=जोशी Trivedi=त्रिवेदी Chaturvedi=चतुर्वेदी Dubey/Dube=दुबे Shukla=शुक्ला Agarwal/Aggarwal=अग्रवाल Jain=जैन Mehta=मेहता Patel=पटेल Desai=देसाई
Kulkarni=कुलकर्णी Deshmukh=देशमुख Patil=पाटिल Rawat=रावत Bisht=बिष्ट Negi=नेगी Saxena/Saksena=सक्सेना Srivastava/Shrivastava=श्रीवास्तव Malhotra=मल्होत्रा Kapoor/Kapur=कपूर Khanna=खन्ना Bhatia=भाटिया`

const bengaliGiven = `Rahim=রহিম Karim=করিম Kamal=কামাল Jamal=জামাল Abul=আবুল Habib=হাবিব Rafiq/Rafik=রফিক Shafiq/Shafik=শফিক Selim/Salim=সেলিম Nasir=নাসির Monir/Munir=মনির Faruk/Farooq=ফারুক Anwar/Anowar=আনোয়ার Delwar/Delowar=দেলোয়ার Shahid=শহীদ Rashid=রশীদ Nazrul=নজরুল Saiful=সাইফুল Rafiqul=রফিকুল Shirin=শিরিন Rokeya=রোকেয়া Sultana=সুলতানা Nasrin=নাসরিন Salma=সালমা Bimal=বিমল Subrata=সুব্রত`

const bengaliFamily = `Hossain/Hossen=হোসেন Rahman=রহমান Islam=ইসলাম Uddin=উদ্দিন Miah/Mia=মিয়া Sarkar/Sarker=সরকার Chowdhury/Choudhury=চৌধুরী Talukdar=তালুকদার Mondal/Mandal=মন্ডল Biswas=বিশ্বাস Sikdar/Shikdar=সিকদার Howlader/Hawladar=হাওলাদার Bhuiyan/Bhuiya=ভূঁইয়া Molla/Mollah=মোল্লা Das=দাস Roy/Ray=রায় Ghosh=ঘোষ Majumder/Mazumdar=মজুমদার Khatun=খাতুন Begum=বেগম Akter/Akhtar=আক্তার`

const hebrewGiven = `David=דוד Moshe=משה Yosef/Joseph=יוסף Avraham/Abraham=אברהם Yitzhak/Itzhak=יצחק Yaakov/Jacob=יעקב Shlomo=שלמה Shimon=שמעון Eli=אלי Uri=אורי Amir=אמיר Gilad=גלעד Nadav=נדב Ronen=רונן Tamar=תמר Rivka=רבקה Hannah/Chana=חנה Noam=נועם Yael=יעל Dror=דרור Baruch=ברוך Menachem=מנחם`

const hebrewFamily = `Cohen/Kohen=כהן Levi/Levy=לוי Mizrahi/Mizrachi=מזרחי Peretz/Perez=פרץ Biton=ביטון Dahan=דהן Avraham/Abraham=אברהם Friedman=פרידמן Malka=מלכה Azulay/Azoulay=אזולאי Katz=כץ Yosef=יוסף Amar=עמר Ohayon=אוחיון Hadad=חדד Gabay/Gabai=גבאי Ben_David=בן_דוד Shapira/Shapiro=שפירא Goldberg=גולדברג Rosenberg=רוזנברג Klein=קליין Segal=סגל Vaknin/Waknin=ועקנין`

const greekGiven = `Georgios/Giorgos=Γεώργιος Ioannis/Yannis=Ιωάννης Dimitrios/Dimitris=Δημήτριος Konstantinos/Constantinos=Κωνσταντίνος Nikolaos/Nikos=Νικόλαος Panagiotis=Παναγιώτης Vasileios/Vassilis=Βασίλειος Christos=Χρήστος Athanasios=Αθανάσιος Evangelos/Vangelis=Ευάγγελος Michail/Michalis=Μιχαήλ Spyridon/Spyros=Σπυρίδων Eleni/Helen=Ελένη Aikaterini/Katerina=Αικατερίνη Vasiliki=Βασιλική Sofia=Σοφία Angeliki=Αγγελική`

const vietFamily = `Nguyễn Trần Lê Phạm Hoàng/Huỳnh Phan Vũ/Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Trịnh Đinh Mai Lâm Cao Tạ`

const vietGiven = `Văn Thị Minh Hữu Đức Quang Ngọc Thanh Anh Tuấn Hùng Dũng Hải Nam Phong Long Sơn Thắng Trung Việt Hương Lan Hoa Mai Linh Trang Thảo Hạnh Phương Nga Xuân Bình Khánh Tâm Tiến`

const spanishGiven = `José Juan Luis Carlos Jorge Pedro Miguel Manuel Francisco Antonio Rafael Fernando Ricardo Alejandro Andrés Diego Sergio Raúl Héctor Óscar Álvaro Iván Julio Martín Gabriel Pablo Ramón Ignacio Gonzalo Emilio María Ana Carmen Isabel Lucía Marta Elena Rosa Teresa Pilar Beatriz Silvia Gloria Yolanda Ximena`

const spanishFamily = `García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Álvarez Muñoz Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Iglesias Medina Garrido Cortés Castillo Guerrero Lozano Cano Prieto Méndez Cruz Herrera Peña Flores Cabrera Campos Vega Fuentes Carrasco Reyes Caballero Nieto Aguilar Pascual Santana Lorenzo Montero Hidalgo Giménez Ibáñez Ferrer Durán Santiago Benítez Mora Vicente Vargas Arias Carmona Crespo Román Pastor Soto Sáez Velasco Soler Moya Esteban Parra Bravo Gallego Rojas Quintero Quispe Mamani Zambrano Echeverri Restrepo Uribe Bolaños Ocampo`

const englishGiven = `James/Jim Robert/Bob John Michael/Mike William/Bill David/Dave Richard/Rick Joseph/Joe Thomas/Tom Charles/Charlie Christopher/Chris Daniel/Dan Matthew/Matt Anthony/Tony Mark Donald/Don Steven/Steve Andrew/Andy Kenneth/Ken George Joshua/Josh Kevin Brian Edward/Ed Ronald/Ron Timothy/Tim Jason Jeffrey/Jeff Ryan Gary Mary Patricia/Pat Jennifer/Jen Linda Elizabeth/Liz Barbara Susan/Sue Jessica Sarah Karen Nancy Lisa Margaret/Meg Betty Sandra Ashley Kimberly Emily Donna Michelle`

const englishStems = `Ash Black Brad Burn Clay Dun East Fair Green Hamp Hart Hather Hol Kings Lang Mid Nor Oak Pem Red Stan Sut Thorn Under Wal West Whit Win Wool Har Cole Brook Stock Shel Cran`

const germanGiven = `Hans Peter Wolfgang Klaus Jürgen Dieter Manfred Uwe Günter Horst Bernd Werner Helmut Stefan Thomas Andreas Michael Frank Jörg Matthias Ursula Renate Monika Petra Sabine Heike Gisela Ingrid Brigitte Anke`

const germanStems = `Acker Bau Birken Bren Eber Eich Fisch Gold Grün Haber Hart Hoch Kauf Kirch Klein Krä Linden Mühl Neu Ober Pfeif Rosen Sand Schön Schwarz Silber Stein Tann Unter Wein Weiß Zimmer`

const frenchGiven = `Jean Pierre Michel André Philippe Alain Bernard Jacques Daniel Christophe Patrick Nicolas Laurent François Stéphane Olivier Éric Frédéric Sébastien Thierry Marie Nathalie Isabelle Sylvie Catherine Valérie Françoise Hélène Cécile Aurélie`

const frenchStems = `Bern Ger Ren Mor Gir Boiss Chap Lamb Fourn Merc Perr Rouss Caron Dub Guill Pich Ravel Mar Thib Vass Cord Bertr Delac Gaut Huss Lebl Maill Nivel`

const turkishGiven = `Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Süleyman Abdullah Mahmut Recep Salih Fatih Kadir Emre Hakan Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Zehra Sultan Hanife Gülşen`

const nigerianGiven = `Chinedu Emeka Obinna Ifeanyi Chukwudi Nnamdi Uche Kelechi Tunde Segun Femi Kunle Bayo Dele Gbenga Yemi Musa Ibrahim Sani Bello Aminu Umar Garba Ngozi Amaka Chioma Ifeoma Funke Bukola Folake Aisha Hauwa Zainab Blessing Patience Godwin Sunday Monday Friday Emmanuel`

const polishGiven = `Piotr Krzysztof Andrzej Tomasz Paweł Jan Michał Marcin Jakub Adam Marek Łukasz Grzegorz Mateusz Wojciech Mariusz Dariusz Zbigniew Jerzy Stanisław Anna Maria Katarzyna Małgorzata Agnieszka Barbara Ewa Krystyna Elżbieta Zofia`

const indonesianGiven = `Agus Budi Bambang Dwi Eko Slamet Sri Joko/Djoko Hendra Iwan Rudi Yusuf Wahyu Dedi Ahmad/Achmad Muhammad/Mochammad Abdul Siti Dewi Ratna Wati Nur Fitri Indah Yanti Rina Ani Tri Yuli Andi`

const indonesianFamily = `Santoso Wijaya Setiawan Susanto Hidayat Kurniawan Nugroho Saputra Pratama Wibowo Suryadi Gunawan Hartono Lestari Rahayu Utami Permana Purnomo Sutrisno Suharto Sukirman Siregar Nasution Lubis Harahap Sitompul Simanjuntak Hutapea Sembiring Ginting Tarigan Maulana Ramadhan Firmansyah Fauzi Halim Tanjung Pohan Daulay Marpaung`
