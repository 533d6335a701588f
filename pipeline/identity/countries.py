"""Countries as affiliations print them."""

from __future__ import annotations

_NAMES = """
Afghanistan|Albania|Algeria|Andorra|Angola|Argentina|Armenia|Australia|Austria|Azerbaijan|Bahrain
Bangladesh|Barbados|Belarus|Belgium|Belize|Benin|Bhutan|Bolivia|Botswana|Brunei|Bulgaria
Burkina Faso|Burundi|Cambodia|Cameroon|Canada|Chad|Chile|Colombia|Costa Rica|Croatia|Cuba|Cyprus
Denmark|Djibouti|Dominican Republic|Ecuador|Egypt|El Salvador|Eritrea|Estonia|Eswatini|Ethiopia|Fiji
Finland|France|French Guiana|Gabon|Georgia|Germany|Ghana|Gibraltar|Greece|Greenland|Grenada
Guadeloupe|Guatemala|Guinea|Guinea-Bissau|Guyana|Haiti|Honduras|Hong Kong|Hungary|Iceland|India
Indonesia|Iran|Iraq|Ireland|Israel|Italy|Jamaica|Japan|Jordan|Kazakhstan|Kenya|Kosovo|Kuwait
Kyrgyzstan|Laos|Latvia|Lebanon|Lesotho|Liberia|Libya|Liechtenstein|Lithuania|Luxembourg|Macau
Madagascar|Malawi|Malaysia|Maldives|Mali|Malta|Martinique|Mauritania|Mauritius|Mexico|Moldova|Monaco
Mongolia|Montenegro|Morocco|Mozambique|Myanmar|Namibia|Nepal|New Caledonia|New Zealand|Nicaragua
Niger|Nigeria|North Korea|North Macedonia|Norway|Oman|Pakistan|Palestine|Panama|Papua New Guinea
Paraguay|Peru|Philippines|Poland|Portugal|Puerto Rico|Qatar|Romania|Rwanda|Samoa|San Marino
Saudi Arabia|Senegal|Serbia|Seychelles|Sierra Leone|Singapore|Slovakia|Slovenia|Solomon Islands
Somalia|South Africa|South Korea|South Sudan|Spain|Sri Lanka|Sudan|Suriname|Sweden|Switzerland|Syria
Taiwan|Tajikistan|Tanzania|Thailand|Togo|Trinidad and Tobago|Tunisia|Turkmenistan|Uganda|Ukraine
United Arab Emirates|Uruguay|Uzbekistan|Vanuatu|Venezuela|Vietnam|Yemen|Zambia|Zimbabwe
"""

_ALSO = {
    "Austria": "osterreich",
    "Bosnia and Herzegovina": "bosnia and herzegovina|bosnia herzegovina|bosnia",
    "Brazil": "brazil|brasil",
    "China": "china|pr china|p r china|p r of china|peoples republic of china|mainland china",
    "Congo": "congo|republic of congo|republic of the congo",
    "Czechia": "czech republic|czechia",
    "Côte d'Ivoire": "cote divoire|ivory coast",
    "DR Congo": "democratic republic of congo|democratic republic of the congo|dr congo",
    "Gambia": "gambia|the gambia",
    "Germany": "deutschland|federal republic of germany|frg|gdr",
    "Iran": "islamic republic of iran|iran islamic republic of",
    "Ireland": "republic of ireland|eire",
    "Italy": "italia",
    "Mexico": "mexico df",
    "Netherlands": "netherlands|the netherlands|holland",
    "North Macedonia": "macedonia|republic of macedonia",
    "Russia": "russia|russian federation|ussr",
    "Saudi Arabia": "kingdom of saudi arabia|ksa",
    "Slovakia": "slovak republic",
    "South Korea": "korea|republic of korea|korea south|rok",
    "Spain": "espana",
    "Switzerland": "schweiz|suisse",
    "Taiwan": "taiwan roc|taiwan republic of china",
    "Turkey": "turkey|turkiye",
    "United Arab Emirates": "uae",
    "United Kingdom": "uk|united kingdom|england|scotland|wales|northern ireland|great britain",
    "United States": "usa|us|united states|united states of america|u s a",
    "Vietnam": "viet nam",
}

COUNTRIES: dict[str, str] = {
    name.lower().replace("-", " "): name for name in _NAMES.replace("\n", "|").split("|") if name
}
"""Folded name, letters only → the one name we print."""
COUNTRIES.update({alias: name for name, aliases in _ALSO.items() for alias in aliases.split("|")})
