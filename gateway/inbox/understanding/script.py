"""Traditional characters to simplified ones, one for one.

The table is OpenCC's, taken once when the module loads and used as a plain character table: context-free
(so that spaces or marks between two characters change nothing), linear, and safe for lone surrogates.
Characters whose meaning in a text message differs from OpenCC's default stand in `OURS`.
"""

from __future__ import annotations

# OpenCC leaves these to its phrase tables, or reads them in their literary sense.
OURS = {
    "著": "着", "妳": "你", "祢": "你", "牠": "它", "祂": "它", "覆": "复", "瞭": "了", "藉": "借", "乾": "干",
    "徵": "征", "係": "系", "纔": "才", "麽": "么", "幺": "么", "佔": "占", "佈": "布", "喫": "吃", "甚": "什",
    "裏": "里", "裡": "里", "帳": "账", "帐": "账", "賬": "账", "嘸": "无", "鍾": "钟", "閤": "合", "衹": "只",
    "祇": "只", "迴": "回", "週": "周", "餘": "余", "後": "后", "嚐": "尝", "噁": "恶", "啟": "启",
    "噹": "当", "昇": "升", "陞": "升", "託": "托", "剋": "克", "菸": "烟", "煙": "烟", "嚮": "向", "傢": "家",
    "隻": "只", "沈": "沉", "濛": "蒙", "矇": "蒙", "懞": "蒙", "擡": "抬", "濕": "湿", "溼": "湿",
    "唄": "呗", "囉": "啰", "咗": "了", "嘅": "的", "冇": "没有", "唔": "不", "佢": "他", "哋": "们", "俾": "给",
    "畀": "给", "嗰": "那", "喺": "在", "嚟": "来", "睇": "看", "邊": "边", "咁": "这么",
}  # fmt: skip

# The characters that replies to a utility are made of, traditional and simplified in turn: what is read where
# OpenCC is not installed.
COMMON = (
    "萬万與与專专業业東东絲丝丟丢兩两個个爲为為为舉举麼么義义烏乌書书買买亂乱乾干於于虧亏雲云產产親亲億亿"
    "僅仅從从儀仪們们價价衆众眾众優优夥伙會会偉伟傳传傷伤佈布體体佔占餘余儂侬係系傾倾償偿傢家兒儿兌兑關关"
    "興兴養养獸兽內内冊册寫写農农衝冲決决況况凍冻淨净準准涼凉減减湊凑幾几憑凭兇凶擊击劃划劉刘則则剛刚刪删"
    "別别剋克辦办務务動动勁劲勞劳區区協协單单賣卖衛卫卻却廠厂廳厅厲厉壓压叄叁參参雙双發发變变臺台號号喫吃"
    "後后嚇吓嗎吗聽听啓启啟启唄呗員员諮咨響响噠哒喲哟囉啰嘍喽嗰𠮶嘸呒噁恶噹当嚐尝囂嚣嚮向圍围國国圖图場场"
    "壞坏塊块壟垄牆墙聲声處处備备復复夠够頭头獎奖婦妇媽妈嬰婴孫孙學学寶宝實实審审寬宽對对尋寻導导將将爾尔"
    "嘗尝盡尽層层屬属屢屡歲岁崗岗嵐岚島岛嶽岳峯峰師师帳帐簾帘帶带幫帮幹干並并廣广慶庆庫库應应廢废開开異异"
    "棄弃張张強强歸归當当錄录徵征徑径憶忆憂忧態态總总惡恶驚惊慘惨憤愤願愿懶懒懞蒙戶户撲扑執执擴扩掃扫揚扬"
    "擾扰搶抢護护報报擔担撥拨掛挂揮挥損损換换據据攤摊撐撑擡抬攢攒數数斷断無无舊旧時时昇升顯显曬晒曉晓暈晕"
    "晝昼暫暂術术機机殺杀雜杂權权槓杠條条來来極极櫃柜標标棟栋樹树樣样檔档橋桥樁桩檢检樓楼橫横歡欢殘残毀毁"
    "畢毕氣气匯汇漢汉溝沟沒没洩泄淚泪澆浇濟济濃浓塗涂漲涨溫温溼湿滾滚滯滞滿满濕湿濛蒙滅灭燈灯災灾爐炉點点"
    "爛烂燭烛煙烟煩烦燒烧燙烫熱热愛爱爺爷犢犊獨独豬猪瑪玛環环現现電电暢畅瘋疯癡痴盞盏監监蓋盖盜盗盤盘矇蒙"
    "碼码確确禮礼禰祢離离種种祕秘積积稱称稅税穩稳竊窃窯窑窩窝筆笔籤签簡简類类緊紧給给經经纔才糾纠紅红約约"
    "級级紀纪納纳紙纸線线組组細细終终綁绑結结絡络絕绝統统繼继續续維维綜综纜缆緩缓編编繳缴網网罰罚羣群職职"
    "聯联腫肿脅胁膠胶髒脏腦脑脫脱臉脸騰腾藝艺節节範范藥药萊莱菸烟營营虛虚蝦虾蠻蛮蝸蜗蠟蜡補补裝装裏里裡里"
    "見见規规視视覺觉觸触託托話话該该認认識识譜谱計计訂订討讨讓让議议訊讯記记講讲許许論论設设訪访證证評评"
    "詐诈訴诉詞词詢询詳详語语誤误說说請请諾诺讀读諉诿誰谁調调談谈謊谎謂谓謝谢費费賬账負负財财責责敗败貨货"
    "質质貳贰賤贱貼贴貴贵貸贷賊贼資资賒赊賜赐賠赔賴赖贊赞趕赶車车轉转轟轰輕轻載载較较輛辆輸输辭辞邊边遷迁"
    "過过還还這这進进遠远違违連连遲迟迴回適适選选遞递週周遺遗遙遥郵邮鄰邻醬酱釋释錯错鍾钟針针釘钉鋼钢錢钱"
    "鐵铁銅铜銀银鋪铺鏈链銷销鎖锁鍋锅錘锤鍵键長长閤合門门閃闪閉闭問问間间悶闷閘闸聞闻閱阅隊队陽阳陣阵階阶"
    "際际陸陆陳陈陞升險险隨随隱隐隻只難难霧雾靜静頁页頂顶項项順顺須须顧顾預预領领頻频顆颗題题額额風风飆飙"
    "飛飞飯饭餓饿饋馈馬马驢驴駛驶駕驾罵骂驕骄驗验騙骗騷骚魚鱼鮮鲜鳥鸟雞鸡鳴鸣鴨鸭鴿鸽麽么黃黄齊齐龍龙龜龟"
)


def _table() -> dict[int, str]:
    try:
        import opencc
    except ImportError:
        return {ord(old): new for old, new in (*zip(COMMON[::2], COMMON[1::2], strict=True), *OURS.items())}
    convert = opencc.OpenCC("t2s").convert
    blocks = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
    letters = [chr(code) for first, end in blocks for code in range(first, end)]
    simple = convert("\n".join(letters)).split("\n")
    table = {ord(old): new for old, new in zip(letters, simple, strict=True) if old != new}
    table.update({ord(old): new for old, new in OURS.items()})
    return table


TABLE: dict[int, str] = _table()


def simplified(text: str) -> str:
    """The text with each traditional character replaced by its simplified form."""
    return text.translate(TABLE)
