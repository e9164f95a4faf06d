"""How customers spell: slips, homophones, dialect and pinyin, each with the form the rules know.

Only spellings that cannot be anything else in a reply to a utility stand here; the keys are as they look
after width, script and case have been settled. `SPELLINGS` holds Chinese ones (found anywhere), `LATIN`
those made of letters (found as whole words), `FACES` the emoji and bracketed stickers.
"""

from __future__ import annotations

SPELLINGS: dict[str, str] = {
    # the messages
    "短息": "短信", "短心": "短信", "简讯": "短信", "退定": "退订", "推订": "退订", "腿订": "退订",
    "退丁": "退订", "退钉": "退订", "推定": "退订", "煺订": "退订", "t订": "退订",
    # the verdict
    "满义": "满意", "满亿": "满意", "满忆": "满意", "满易": "满意", "蛮意": "满意", "曼意": "满意",
    "漫意": "满意", "灰常": "非常", "飞常": "非常", "灰长": "非常", "非长": "非常",
    "太渡": "态度", "抬度": "态度", "态渡": "态度", "服物": "服务", "付务": "服务", "好平": "好评",
    "差平": "差评",
    "点攒": "点赞", "给里": "给力", "及实": "及时", "杠杠滴": "杠杠的",
    # who it reached
    "打措": "打错", "打挫": "打错", "大错了": "打错了", "发措": "发错", "发挫": "发错",
    "不认是": "不认识", "不任识": "不认识",
    "不人识": "不认识", "不识得": "不认识", "认不到": "不认识", "不认得": "不认识", "认不得": "不认识",
    "认不倒": "不认识",
    "不晓得": "不知道", "晓不得": "不知道", "晓得": "知道", "勿认得": "不认识", "弗认得": "不认识",
    "那度": "那里", "边度": "哪里", "不造": "不知道", "造了": "知道了", "帮家": "搬家",
    "般家": "搬家", "班家": "搬家", "般走": "搬走", "搬加": "搬家",
    # yes, no, already, again
    "木有": "没有", "米有": "没有", "莫得": "没有", "没得": "没有", "冒得": "没有", "某得": "没有",
    "么有": "没有",
    "麽有": "没有", "末有": "没有", "己经": "已经", "以经": "已经", "已径": "已经", "已今": "已经",
    "巳经": "已经",
    "不系": "不是", "8是": "不是", "布是": "不是", "不四": "不是", "吾是": "不是", "伐是": "不是",
    "勿是": "不是",
    "勿要": "不要", "覅": "不要", "表再": "不要再", "表发": "不要发", "憋发": "别发", "别法": "别发",
    "莫发": "别发",
    "莫再": "别再", "甭": "别", "酱紫": "这样", "肿么": "怎么", "咋个": "怎么", "咋": "怎么", "啷个": "怎么",
    "做咩": "为什么", "为啥": "为什么", "为毛": "为什么", "为何": "为什么",
    "啥子": "什么", "啥": "什么", "神马": "什么", "么子": "什么", "咩": "什么", "几时": "什么时候",
    "什么时侯": "什么时候", "何时": "什么时候", "侬": "你", "阿拉": "我们", "俺们": "我们", "俺": "我",
    "咱": "我们", "您": "你", "恁": "你", "伊": "他", "她": "他", "它": "他", "勒": "了",
    "喽": "了", "啰": "了", "咯": "了", "啦": "了", "哒": "的", "嗄": "啊", "吖": "啊", "呀": "啊",
    "木头有": "没有", "谢谢侬": "谢谢你", "谢啦": "谢谢", "蟹蟹": "谢谢", "感恩": "感谢", "3q": "谢谢",
    "3克油": "谢谢", "多谢晒": "谢谢", "唔该": "谢谢", "不该晒": "谢谢",
    # supply
    "停点了": "停电了", "停点啊": "停电啊", "又停点": "又停电", "婷电": "停电", "挺电": "停电",
    "亭电": "停电", "庭电": "停电", "莱电": "来电",
    "没点了": "没电了", "跳匝": "跳闸", "跳扎": "跳闸",
    "跳杂": "跳闸", "跳炸": "跳闸", "掉闸": "跳闸", "拉闸": "跳闸", "冒言": "冒烟", "冒燕": "冒烟",
    "冒胭": "冒烟",
    "着活": "着火", "招火": "着火", "起活": "起火", "电现": "电线",
    "电杆": "电线杆", "火苗": "起火", "煳": "糊", "修里": "修理", "收电废": "收电费",
    # money
    "电废": "电费", "电肥": "电费", "缴": "交", "焦费": "交费", "教费": "交费", "叫费": "交费",
    "浇费": "交费", "交废": "交费", "以交": "已交", "己交": "已交", "巳交": "已交", "已教": "已交",
    "已叫": "已交", "欠废": "欠费", "充直": "充值", "冲值": "充值", "充电费": "交电费",
    "头诉": "投诉", "投述": "投诉", "投素": "投诉",
    "偷诉": "投诉", "投速": "投诉", "举暴": "举报",
    "转仁工": "转人工", "仁工": "人工",
    "收倒": "收到", "收道": "收到", "好嘀": "好的", "好滴": "好的", "是滴": "是的", "行滴": "行",
    "意滴": "意", "交左": "交了", "缴左": "交了", "付左": "付了", "搬左": "搬了", "卖左": "卖了",
    "来电喇": "来电了", "有电喇": "有电了", "交喇": "交了", "好喇": "好了", "等哈儿": "等会", "等哈": "等下",
    "停伐": "停吗", "好伐": "好吗", "是伐": "是吗", "昰": "是",
    "错鸟": "错了", "交鸟": "交了", "卖鸟": "卖了", "了鸟": "了", "好哒": "好的",
    "嗯那": "嗯",
    "知到": "知道", "晓的了": "知道了",
}  # fmt: skip

INITIALS: dict[str, str] = {
    "fcmy": "非常满意", "hmy": "很满意", "bmy": "不满意", "fcbmy": "非常不满意", "my": "满意", "yb": "一般",
    "dcl": "打错了", "fcl": "发错了", "fcrl": "发错人了", "brs": "不认识", "bsw": "不是我", "td": "退订",
    "tuid": "退订", "sd": "收到", "sdl": "收到了", "zdl": "知道了", "hd": "好的", "hdhd": "好的",
    "xx": "谢谢",
    "xxn": "谢谢你", "yjl": "已交了", "yj": "已交", "jgl": "交过了", "md": "没电", "mdl": "没电了",
    "ldl": "来电了", "ydl": "有电了", "nsb": "你傻逼", "cnm": "操你妈", "nmsl": "你妈死了", "tmd": "他妈的",
    "wcnm": "操你妈", "bsb": "不是吧", "haha": "哈哈",
}  # fmt: skip

#: Chinese in letters, a space between syllables.
SYLLABLES: dict[str, str] = {
    "man yi": "满意", "fei chang man yi": "非常满意", "hen man yi": "很满意", "bu man yi": "不满意",
    "bu tai man yi": "不太满意", "yi ban": "一般", "yi fen": "一分", "er fen": "二分", "liang fen": "二分",
    "san fen": "三分", "si fen": "四分", "wu fen": "五分", "man fen": "满分", "hao ping": "好评", "cha ping": "差评",
    "tui ding": "退订", "qu xiao": "取消", "hui fu": "恢复", "duan xin": "短信", "bie fa le": "别发了",
    "bie zai fa le": "别再发了", "bie fa": "别发", "bu yao zai fa le": "不要再发了", "bu yao fa": "不要发",
    "xie xie": "谢谢", "xie xie nin": "谢谢你", "xie xie ni": "谢谢你", "xin ku": "辛苦", "xin ku le": "辛苦了",
    "da cuo le": "打错了", "fa cuo le": "发错了", "fa cuo ren le": "发错人了", "fa cuo ren": "发错人",
    "hao ma cuo le": "号码错了", "hao ma": "号码", "bu shi wo": "不是我", "bu shi wo de": "不是我的",
    "wo bu shi": "我不是", "bu ren shi": "不认识", "hu zhu": "户主", "fang dong": "房东", "fang zi": "房子",
    "mai le": "卖了", "ban jia le": "搬家了", "ban zou le": "搬走了", "ban le": "搬了", "zu ke": "租客",
    "shou dao": "收到", "shou dao le": "收到了", "hao de": "好的", "hao": "好", "hao le": "好了",
    "zhi dao le": "知道了", "zhi dao": "知道", "ming bai": "明白", "ming tian": "明天", "wan shang": "晚上",
    "xia ban": "下班", "deng xia": "等下", "jiao": "交", "jiao fei": "交费", "dian fei": "电费",
    "zen me jiao": "怎么交", "zen me": "怎么", "zai na jiao": "在哪交", "duo shao qian": "多少钱",
    "yi jiao": "已交", "yi jiao fei": "已交费", "yi jing jiao le": "已经交了", "jiao le": "交了",
    "jiao guo le": "交过了", "suan cuo le": "算错了", "huan ji tian": "缓几天", "xing ma": "行吗", "ke yi ma": "可以吗",
    "mei dian": "没电", "mei dian le": "没电了", "ting dian": "停电", "ting dian le": "停电了", "lai dian": "来电",
    "lai dian le": "来电了", "you dian le": "有电了", "you dian": "有电", "hai mei": "还没", "hai shi": "还是",
    "hai mei lai": "还没来", "ji dian": "几点", "shen me shi hou": "什么时候", "wei shen me": "为什么",
    "tiao zha": "跳闸", "zhao huo le": "着火了", "mao yan": "冒烟", "mao yan le": "冒烟了", "lou dian": "漏电",
    "chu dian": "触电", "dian xian": "电线", "bian ya qi": "变压器", "dian biao": "电表", "diao le": "掉了",
    "tou su": "投诉", "mei xiu hao": "没修好", "xiu hao le": "修好了", "mei ren lai": "没人来", "ren gong": "人工",
    "da dian hua": "打电话", "shi fu": "师傅", "tai du": "态度", "hen hao": "很好", "tai man le": "太慢了",
    "bu cuo": "不错", "shi de": "是的", "shi wo": "是我", "dui": "对", "shi": "是", "bu shi": "不是",
    "bu zhi dao": "不知道", "bu xing": "不行", "ke yi": "可以", "mei you": "没有", "wo jia": "我家", "ni men": "你们",
}  # fmt: skip

LATIN: dict[str, str] = {
    # English as it is typed
    "fourr": "four", "fivee": "five",
    "thx": "thanks", "thnx": "thanks", "tks": "thanks", "tnx": "thanks", "thanx": "thanks", "ty": "thanks",
    "cheers": "thanks", "thankyou": "thank you", "u": "you", "ur": "your", "pls": "please", "plz": "please",
    "im": "i am", "i'm": "i am", "ive": "i have", "i've": "i have", "i'll": "i will",
    "i'd": "i would", "we're": "we are", "we've": "we have", "we'll": "we will", "they're": "they are",
    "you're": "you are", "youre": "you are", "it's": "it is", "its": "it is", "that's": "that is",
    "thats": "that is", "there's": "there is", "theres": "there is", "he's": "he is", "she's": "she is",
    "what's": "what is", "whats": "what is", "who's": "who is", "whos": "who is", "where's": "where is",
    "when's": "when is", "isn't": "is not", "isnt": "is not", "wasn't": "was not", "wasnt": "was not",
    "aren't": "are not", "arent": "are not", "weren't": "were not", "don't": "do not", "dont": "do not",
    "doesn't": "does not", "doesnt": "does not", "didn't": "did not", "didnt": "did not", "won't": "will not",
    "wont": "will not", "can't": "can not", "cant": "can not", "cannot": "can not", "couldn't": "could not",
    "couldnt": "could not", "haven't": "have not", "havent": "have not", "hasn't": "has not",
    "hasnt": "has not",
    "hadn't": "had not", "wouldn't": "would not", "wouldnt": "would not", "shouldn't": "should not",
    "ain't": "is not", "aint": "is not", "gonna": "going to", "wanna": "want to", "gotta": "have to",
    "lemme": "let me", "elec": "electricity", "leccy": "electricity", "electric": "electricity",
    "satisifed": "satisfied", "satisfed": "satisfied", "satified": "satisfied", "dissatified": "dissatisfied",
    "unsatisfied": "dissatisfied", "unsubscibe": "unsubscribe", "unsubcribe": "unsubscribe",
    "unsub": "unsubscribe",
    "stopp": "stop", "wrng": "wrong", "nmber": "number", "worng": "wrong", "nubmer": "number", "numbr": "number",
    "num": "number",
    "recieved": "received", "recieve": "receive", "payed": "paid", "tmr": "tomorrow", "tmrw": "tomorrow",
    "tomorow": "tomorrow", "tommorow": "tomorrow", "tommorrow": "tomorrow", "2moro": "tomorrow",
    "nite": "night",
    "msg": "message", "msgs": "messages", "txt": "text", "txts": "texts", "sms": "texts",
    "compliant": "complaint",
    "okay": "ok", "okey": "ok", "okk": "ok", "k": "ok", "kk": "ok", "oki": "ok", "okie": "ok", "yep": "yes",
    "yeah": "yes",
    "yea": "yes", "yup": "yes", "nope": "no", "nah": "no", "y": "yes", "pwr": "power", "acct": "account",
    "apt": "apartment", "ppl": "people", "hrs": "hours", "hr": "hour", "mins": "minutes", "min": "minute",
    "b4": "before", "gr8": "great",
}  # fmt: skip

# What an emoji or a sticker says in words; the rest is taken as silence.
FACES: dict[str, str] = {
    "👍": "「赞」", "👍🏻": "「赞」", "👏": "「赞」", "💪": "「赞」", "🌹": "「赞」", "❤": "「赞」",
    "♥": "「赞」",
    "😊": "「笑」", "😄": "「笑」", "😀": "「笑」", "😁": "「笑」", "🥰": "「赞」", "😍": "「赞」",
    "🎉": "「赞」",
    "😘": "「赞」", "💐": "「赞」", "🙏": "「谢」", "👌": "「好」", "🆗": "「好」", "✅": "「好」",
    "✔": "「好」",
    "☑": "「好」", "👎": "「差」", "😡": "「怒」", "😠": "「怒」", "🤬": "「怒」", "💢": "「怒」",
    "💩": "「差」",
    "🖕": "「骂」", "😤": "「怒」", "😭": "「哭」", "😢": "「哭」", "😂": "「哭笑」", "🙂": "「呵呵」",
    "🙄": "「白眼」", "😅": "「汗」", "🔥": "「火」", "💯": "满分", "⭐": "星", "🌟": "星", "★": "星",
    "☆": "", "❌": "「叉」",
    "✖": "「叉」", "❎": "「叉」", "🆘": "「救」", "⚡": "", "[强]": "「赞」", "[赞]": "「赞」",
    "[鼓掌]": "「赞」",
    "[玫瑰]": "「赞」", "[爱心]": "「赞」", "[微笑]": "「呵呵」", "[抱拳]": "「谢」", "[合十]": "「谢」",
    "[握手]": "「好」",
    "[ok]": "「好」", "[好的]": "「好」", "[弱]": "「差」", "[发怒]": "「怒」", "[怒]": "「怒」",
    "[怒火]": "「怒」",
    "[大哭]": "「哭」", "[流泪]": "「哭」", "[捂脸]": "「汗」", "[白眼]": "「白眼」", "[呵呵]": "「呵呵」",
}  # fmt: skip
