"""Names of the made-up people: pools by language, frequent ones first, drawn with a realistic skew."""

# ruff: noqa: E501  # word lists and sentences read better unbroken
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Pool:
    """Names of one language. `starts` × `ends` compose the long tail of rarer surnames."""

    surnames: tuple[str, ...]
    fore_names: tuple[str, ...]
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    compound: float = 0.0
    middle: float = 0.0
    suffix: float = 0.0


def _pool(surnames: str, fore_names: str, starts: str = "", ends: str = "", **rates: float) -> Pool:
    commas = surnames.split(", ") if ", " in surnames else surnames.split()
    return Pool(
        tuple(commas),
        tuple(fore_names.split()),
        tuple(starts.split()),
        tuple(ends.split()),
        **rates,
    )


POOLS: dict[str, Pool] = {
    "english": _pool(
        "Smith Jones Williams Brown Taylor Wilson Johnson Davies Evans Thomas Walker Roberts Wright Thompson White Hughes Edwards Green Hall Clarke O'Brien O'Connor McCarthy MacDonald",
        "James Emily Michael Sarah David Emma Andrew Laura Peter Rachel Robert Helen Daniel Hannah Thomas Catherine Matthew Rebecca Benjamin Charlotte William Alice Edward Megan Simon Claire Oliver Victoria George Naomi",
        "Ash Black Brad Cal Dun Elling Fair Hart Hol Lang Mar Nor Pem Rad Stan Thorn Wake Whit", "worth wood ley ford ton field well combe by stead",
        compound=0.03, middle=0.65, suffix=0.03,
    ),
    "german": _pool(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Krüger Köhler Lehmann Günther Jäger Huber",
        "Anna Thomas Katharina Michael Julia Andreas Sabine Stefan Martin Christina Jürgen Ulrike Matthias Heike Jörg Birgit Wolfgang Franziska Florian Hans-Peter Anja Karl-Heinz Lukas Miriam Bernd Silke Tobias Johanna Götz Käthe",
        "Linden Ober Eichen Stein Hagen Birken Wald Rosen Falken Grün Hohen König Mühl Sonnen Tannen", "berg bauer feld meier mann hofer thaler egger wald brecht",
        compound=0.07, middle=0.2,
    ),
    "french": _pool(
        "Martin Bernard Dubois Durand Leroy Moreau Simon Laurent Lefebvre Roux Fournier Girard Bonnet Lambert Fontaine Chevalier François Gauthier Bélanger Côté Lévesque Pélissier",
        "Marie Pierre Sophie Jean-Luc Camille François Claire Nicolas Élise Jean-Pierre Hélène Étienne Julie Antoine Anne-Sophie Guillaume Céline Mathieu Isabelle Frédéric Marie-Claire Benoît Aurélie Rémi Véronique Olivier Noémie Gaëlle Thibault Solène",
        "Beau Mont Ville Roche Val Font Grand Clair Belle Champ", "mont fort neuve court vallon lieu bois rive",
        compound=0.05, middle=0.05,
    ),
    "italian": _pool(
        "Rossi, Russo, Ferrari, Esposito, Bianchi, Romano, Colombo, Ricci, Marino, Greco, Bruno, Gallo, Conti, Costa, Giordano, Mancini, Rizzo, Lombardi, Moretti, D'Angelo, De Luca, Di Stefano, Dell'Acqua",
        "Giulia Marco Francesca Andrea Chiara Alessandro Elena Luca Valentina Matteo Silvia Giovanni Federica Davide Paola Stefano Martina Roberto Alessia Lorenzo Barbara Nicolò Ilaria Pietro Caterina Simone Beatrice Emanuele Giorgia Niccolò",
        "Monte Casa Bel Fonta Mar Pala Val Bon Cara Gran", "verdi lupi nelli rosa chiari santi gatti vecchi",
        middle=0.08,
    ),
    "spanish": _pool(
        "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Núñez Ibáñez Castaño",
        "María Carlos Ana José Laura Javier Carmen Antonio Marta Miguel Lucía Francisco Elena Daniel Cristina Pablo Isabel Álvaro Raquel Sergio Beatriz Andrés Núria Jesús Inés Joaquín Rocío Íñigo Pilar Óscar",
        compound=0.62, middle=0.12,
    ),
    "portuguese": _pool(
        "Silva, Santos, Oliveira, Souza, Pereira, Costa, Rodrigues, Almeida, Nascimento, Lima, Araújo, Fernandes, Carvalho, Gomes, Martins, Rocha, Ribeiro, Alves, Monteiro, Mendes, Barbosa, da Silva, dos Santos, de Oliveira, Conceição, Magalhães",
        "Ana João Mariana Paulo Fernanda Luís Beatriz Pedro Camila Rafael Juliana André Patrícia Gustavo Letícia Bruno Renata Thiago Larissa Eduardo Cláudia Márcio Inês Rui Débora Vinícius Sônia Caio Helena Tomás",
        compound=0.35, middle=0.25,
    ),
    "dutch": _pool(
        "de Jong, Jansen, de Vries, van den Berg, Bakker, van Dijk, Visser, Smit, Meijer, de Boer, Mulder, Bos, Peters, Hendriks, van Leeuwen, Dekker, Brouwer, de Wit, van der Meer, van der Linden, Kuipers, Vermeulen, van 't Hof, Schouten",
        "Jan Anne Pieter Marieke Willem Sanne Hendrik Femke Joost Lotte Maarten Eva Bas Ilse Ruben Margriet Jeroen Annelies Sjoerd Carolien Thijs Esmée Niels Wietske Gijs Roos Daan Hanneke Koen Saskia",
        compound=0.05, middle=0.25,
    ),
    "nordic": _pool(
        "Andersson Johansson Karlsson Nilsson Eriksson Larsson Hansen Jensen Nielsen Pedersen Christensen Sørensen Møller Jørgensen Olsen Lindström Sjöberg Åkesson Bergström Öberg Korhonen Virtanen Mäkinen",
        "Anna Erik Maria Lars Karin Anders Kristina Johan Eva Mikael Ingrid Søren Hanne Björn Astrid Niels Sigrid Jørgen Åsa Magnus Elin Henrik Birgitta Øyvind Freja Gustav Liv Mads Tuula Pekka",
        "Lind Berg Sand Sjö Ek Gran Hög Nord Söder Ström Back Holm", "qvist gren lund dahl mark ström vall man",
        compound=0.04, middle=0.1,
    ),
    "slavic": _pool(
        "Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Dąbrowski Novák Svoboda Dvořák Černý Procházka Horvat Kovačević Marković Petrović Jovanović Ivanov Petrov Kuznetsova Morozova Šimek",
        "Anna Piotr Katarzyna Tomasz Agnieszka Marek Małgorzata Paweł Joanna Jiří Lenka Jakub Petra Ondřej Ivana Marko Jelena Nikola Olga Dmitri Ekaterina Sergei Zuzana Łukasz Ewa Grzegorz Milica Radovan Věra Bogdan",
        "Jabło Brzezi Kali Grabo Malino Topo Lipi Sosno", "wski nowski ński cki czyk lewski",
        middle=0.06,
    ),
    "chinese": _pool(
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Song Deng Feng Han Cao Peng Zeng Xiao Tian Pan Yuan Cai Jiang Yu Du Ye Cheng Wei Lü Ren Lu Yao Shen Zhong",
        "Wei Jing Lei Yan Min Xin Hui Ying Jun Ling Tao Na Hao Yu Bo Fang Xiao-Ming Jian-Guo Zhi-Qiang Ya-Nan Meng-Yao Xue-Feng Li-Hua Shu-Fen Jia-Hui Yi-Fan Hai-Yan Wen-Jing Chun-Lei Rui-Ping Xiaoling Jianhua Zhiwei Yating Mingyu Lihong Haoran Yuxuan Siyuan Zihan Jiayi Wenbin Xiaodong Guoliang Hongmei Junjie Qingyun Shaohua",
    ),
    "korean": _pool(
        "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Yoo Hong Jeon Moon Bae Ryu",
        "Ji-Hoon Min-Jung Sung-Ho Hye-Jin Young-Soo Eun-Kyung Jae-Won Soo-Yeon Dong-Hyun Ji-Young Seung-Min Hyun-Woo Mi-Kyung Jin-Woo Yu-Na Sang-Hoon Bo-Ram Tae-Hyung Na-Rae Kyung-Sook Jun-Ho Da-Eun Woo-Jin So-Hee Chang-Min Ye-Rin Sang-Wook Hae-Won In-Sung Joo-Hee Ki-Tae Eun-Ji Byung-Chul Seo-Yoon",
    ),
    "japanese": _pool(
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Matsumoto Inoue Kimura Hayashi Shimizu Saito Mori Abe Ikeda Hashimoto Ishikawa",
        "Hiroshi Yuki Takashi Keiko Kenji Akiko Satoshi Yumi Daisuke Naoko Makoto Tomoko Kazuki Megumi Shinji Haruka Ryo Mayumi Yoshihiro Kaori Masashi Ayaka Tetsuya Chie Kohei Sachiko Jun Emi Takeshi Rie",
        "Naka Kita Oka Mizu Taka Naga Hoshi Kuro Ara Fuji", "gawa shima zaki hara mura naka no saki",
    ),
    "indian": _pool(
        "Kumar Singh Sharma Patel Gupta Reddy Das Shah Rao Mehta Iyer Nair Joshi Banerjee Mukherjee Chatterjee Verma Agarwal Kulkarni Desai Pillai Bose Menon Srinivasan Krishnan Bhat Chowdhury Malhotra Kapoor Saxena",
        "Anil Priya Rajesh Sunita Amit Kavita Sanjay Deepa Vikram Anjali Ravi Meera Arun Neha Suresh Pooja Manish Lakshmi Rahul Shalini Vivek Divya Ashok Nandini Ganesh Swati Harish Rekha Karthik Ishani",
        middle=0.3,
    ),
    "vietnamese": _pool(
        "Nguyen Tran Le Pham Hoang Phan Vu Dang Bui Do Ho Ngo Duong Ly Đinh Trương",
        "Minh Lan Thanh Huong Tuan Mai Duc Linh Quang Hoa Hung Thao Nam Trang Khanh Yen Son Nga Dung Anh Phuong Long Bich Tam Vinh Hanh Quynh Kien Ngoc Trung",
        middle=0.3,
    ),
    "arabic": _pool(
        "Al-Hassan Khan Ahmed Hussein Ibrahim Mansour El-Sayed Rahman Saleh Haddad Khalil Nasser Al-Farsi Hosseini Ahmadi Mohammadi Karimi Rezaei Abdullah Yılmaz Kaya Demir Şahin Çelik Öztürk Aydın",
        "Mohammed Fatima Ahmed Layla Omar Noor Hassan Mariam Ali Zahra Youssef Amina Khaled Salma Reza Leila Mehdi Shirin Mehmet Ayşe Mustafa Elif Emre Zeynep Hüseyin Gülşen Tariq Samira Nadia Karim",
        middle=0.08,
    ),
    "african": _pool(
        "Okafor Adeyemi Mensah Okonkwo Abebe Osei Diallo Mwangi Ndlovu Dlamini Eze Balogun Kamau Otieno Nkosi Traoré Kone Haile Boateng Mbeki Onyango Ogunleye Asante Tesfaye",
        "Chinedu Amara Kwame Ngozi Kofi Aisha Tunde Zanele Samuel Grace Emeka Abena Joseph Esther Thabo Wanjiru Daniel Adwoa Yusuf Chiamaka Sipho Nomsa Tadesse Hana Femi Blessing Mamadou Fatou Jabu Selam",
        middle=0.2,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A person's full name: `middle` is one capital letter or empty; `suffix` is "Jr", "3rd" or empty."""

    last: str
    fore: str
    middle: str = ""
    suffix: str = ""


def draw_name(language: str, rng: np.random.Generator) -> Name:
    """Draw a name; the r-th most frequent of a pool has weight 1 / sqrt(r + 1)."""
    pool = POOLS[language]
    last = _surname(pool, rng)
    if rng.random() < pool.compound:
        second = _surname(pool, rng)
        joint = "-" if rng.random() < 0.5 else " "
        last = last if second == last else f"{last}{joint}{second}"
    middle = "ABCDEFGHJKLMNPRSTVW"[int(rng.integers(19))] if rng.random() < pool.middle else ""
    suffix = ("Jr", "3rd")[int(rng.random() < 0.3)] if rng.random() < pool.suffix else ""
    return Name(last, _skewed(pool.fore_names, rng), middle, suffix)


def _surname(pool: Pool, rng: np.random.Generator) -> str:
    if pool.starts and rng.random() < 0.45:
        start = pool.starts[int(rng.integers(len(pool.starts)))]
        return start + pool.ends[int(rng.integers(len(pool.ends)))]
    return _skewed(pool.surnames, rng)


def _skewed(words: tuple[str, ...], rng: np.random.Generator) -> str:
    """Inverse of the cumulated weights 1/sqrt(r + 1), which grow like sqrt(r): the square of a uniform."""
    return words[int(rng.random() ** 2 * len(words))]


def initials(fore_name: str) -> str:
    """Shorten given names to initials as PubMed prints them.

    >>> initials("Jean-Luc"), initials("Anna M"), initials("Élise")
    ('JL', 'AM', 'É')
    """
    return "".join(part[0].upper() for part in re.split(r"[\s-]+", fore_name) if part)


def ascii_name(text: str) -> str:
    """Without diacritics, as some publishers deliver names.

    >>> ascii_name("Sørensen"), ascii_name("Müller"), ascii_name("Yılmaz")
    ('Sorensen', 'Muller', 'Yilmaz')
    """
    text = text.translate(str.maketrans("øØłŁıđĐß", "oOlLidDs"))
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def printed_fore_name(name: Name, style: str) -> str:
    """Fore name in one of the styles that one person's papers show.

    Parameters
    ----------
    style
        "full", "middle" (with middle initial), "initials", or the hyphen "joined" or "spaced".

    >>> [printed_fore_name(Name("Kim", "Ji-Hoon"), s) for s in ("full", "initials", "joined")]
    ['Ji-Hoon', 'J H', 'Jihoon']
    """
    with_middle = f"{name.fore} {name.middle}".strip()
    if style == "initials":
        return " ".join(initials(with_middle))
    if style == "joined" and "-" in name.fore:
        return name.fore.replace("-", "").capitalize()
    if style == "spaced":
        return name.fore.replace("-", " ")
    return with_middle if style == "middle" else name.fore
