"""Institutions of the made-up world: invented places in real countries."""

# ruff: noqa: E501  # one institution a line
from __future__ import annotations

from dataclasses import dataclass

# name | city line as printed | country | language | e-mail domain
_INSTITUTIONS = """
Valmere University Hospital | 1207 Valmere | Switzerland | french | valmere.example.org
University of Sennwil | Sennwil | Switzerland | german | sennwil.example.org
Institute of Clinical Research Lago Alto | Lago Alto | Switzerland | italian | lagoalto.example.net
Kirschtal University Hospital | 35990 Kirschtal | Germany | german | kirschtal.example.org
Technical University of Wendenburg | Wendenburg | Germany | german | wendenburg.example.org
Ostermark University Medical Center | Ostermark | Germany | german | ostermark.example.com
Havelsund Medical Center | Havelsund | Germany | german | havelsund.example.net
Université de Rochevaux | 69990 Rochevaux | France | french | rochevaux.example.org
Hôpital Universitaire Montclairval | Montclairval | France | french | montclairval.example.net
University of Pontalba | Pontalba | Italy | italian | pontalba.example.org
Ospedale Universitario di Roccasole | Roccasole | Italy | italian | roccasole.example.com
Hospital Universitario Sierra Clara | Sierra Clara | Spain | spanish | sierraclara.example.org
Universidad de Vallenegra | Vallenegra | Spain | spanish | vallenegra.example.net
University of Aldermoor | Aldermoor | United Kingdom | english | aldermoor.example.org
Thornwick Royal Infirmary | Thornwick TW1 4ZZ | United Kingdom | english | thornwick.example.com
St Brannoc's University | Brannoc | United Kingdom | english | brannoc.example.org
University College Kilmorran | Kilmorran | Ireland | english | kilmorran.example.org
Waterland University Medical Centre | Waterland | The Netherlands | dutch | waterland.example.org
University of Oosterveen | Oosterveen | The Netherlands | dutch | oosterveen.example.com
Universiteit Scheldehaven | Scheldehaven | Belgium | dutch | scheldehaven.example.org
Nordhaven University | Nordhaven | Denmark | nordic | nordhaven.example.org
Storvika University Hospital | Storvika | Norway | nordic | storvika.example.net
Lindhamra Institute | Lindhamra | Sweden | nordic | lindhamra.example.org
University of Järvensuu | Järvensuu | Finland | nordic | jarvensuu.example.org
Wierzbno Medical University | Wierzbno | Poland | slavic | wierzbno.example.org
Novohrad Institute of Medicine | Novohrad | Czech Republic | slavic | novohrad.example.net
Port Ellery University School of Medicine | Port Ellery, OH | USA | english | portellery.example.org
Marlow State University | Marlow, CA | USA | english | marlow.example.org
Cedar Fork Medical Center | Cedar Fork, TX 79999 | USA | english | cedarfork.example.com
Whitcombe Clinic | Whitcombe, MN | USA | english | whitcombe.example.net
Harrow Point University | Harrow Point, MA | USA | english | harrowpoint.example.org
University of North Saskawin | North Saskawin, SK | Canada | english | saskawin.example.org
Universidade Federal de Pedra Azulina | Pedra Azulina | Brazil | portuguese | pedraazulina.example.org
Universidade de Montelagos | Montelagos | Portugal | portuguese | montelagos.example.net
Hoshizaki Medical University | Hoshizaki | Japan | japanese | hoshizaki.example.org
Kitanami University Hospital | Kitanami | Japan | japanese | kitanami.example.net
Hanbit University College of Medicine | Hanbit | Republic of Korea | korean | hanbit.example.org
Saebyeok Medical Center | Saebyeok | Republic of Korea | korean | saebyeok.example.com
First Affiliated Hospital of Qinghe Medical University | Qinghe 399900 | China | chinese | qinghe.example.org
Dongwan University | Dongwan | China | chinese | dongwan.example.net
Linjiang People's Hospital | Linjiang | China | chinese | linjiang.example.com
Ashapuri Institute of Medical Sciences | Ashapuri | India | indian | ashapuri.example.org
University of Nampur | Nampur | India | indian | nampur.example.net
Song Vinh International University | Song Vinh | Vietnam | vietnamese | songvinh.example.org
Al-Rawda University Hospital | Al-Rawda | Türkiye | arabic | alrawda.example.org
University of Kurande | Kurande | Nigeria | african | kurande.example.org
University of Wattle Bay | Wattle Bay, NSW | Australia | english | wattlebay.example.org
"""


@dataclass(frozen=True, slots=True)
class Institution:
    """`city` stands as affiliations print it (postcode or state included)."""

    name: str
    city: str
    country: str
    language: str
    domain: str


INSTITUTIONS: tuple[Institution, ...] = tuple(
    Institution(*(part.strip() for part in line.split("|")))
    for line in _INSTITUTIONS.strip().splitlines()
)


def affiliation(institution: Institution, department: str, form: int) -> str:
    """Print an affiliation; `form` (0 to 9) picks among the ways publishers deliver it.

    >>> affiliation(INSTITUTIONS[0], "Neurology", 0)
    'Department of Neurology, Valmere University Hospital, 1207 Valmere, Switzerland.'
    """
    unit = f"Department of {department}"
    country = institution.country
    if form == 7:
        unit = f"{unit}, Faculty of Medicine"
    if form == 8:
        unit = f"Division of {department}"
    if form == 9:
        country = {"USA": "United States", "United Kingdom": "UK", "China": "P.R. China"}.get(
            country, country
        )
    return f"{unit}, {institution.name}, {institution.city}, {country}."
