"""What the made-up papers are about: departments, topics, journals, titles, abstracts.

Texts in `TOPICS` and titles are well-formed fragments: `<i> <sub> <sup>` are markup and `&`, `<`
stand escaped. Descriptor identifiers begin with D9, which MeSH does not use.
"""

# ruff: noqa: E501  # word lists and sentences read better unbroken
from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

# department, then one topic a line: subject: approaches
_DEPARTMENTS = """
Neurology
  early-onset dementia: tau PET | plasma neurofilament light | cognitive screening
  relapsing multiple sclerosis: serum neurofilament light | B-cell depletion | spinal cord MRI
  Parkinson disease: deep brain stimulation | gait analysis | <i>LRRK2</i> variants
  drug-resistant epilepsy: stereo-electroencephalography | vagus nerve stimulation | structural MRI
Stroke Medicine
  acute ischemic stroke: mechanical thrombectomy | CT perfusion | tenecteplase
  intracerebral hemorrhage: blood pressure lowering | minimally invasive evacuation | anticoagulant reversal
  aphasia after stroke: intensive speech therapy | transcranial magnetic stimulation | structural MRI
  cryptogenic stroke: patent foramen ovale closure | cardiac rhythm monitoring | transoesophageal echocardiography
Psychiatry
  treatment-resistant depression: esketamine | transcranial magnetic stimulation | sleep quality
  first-episode psychosis: long-acting antipsychotics | polygenic risk scores | early intervention services
  bipolar disorder: lithium monitoring | sleep quality | actigraphy
  post-traumatic stress disorder: prolonged exposure therapy | heart rate variability | digital interventions
Cardiology
  heart failure with preserved ejection fraction: SGLT2 inhibitors | cardiac MRI | exercise testing
  atrial fibrillation: pulsed field ablation | cardiac rhythm monitoring | direct oral anticoagulants
  transcatheter aortic valve implantation: frailty assessment | cardiac CT | conduction disturbances
  hypertrophic cardiomyopathy: myosin inhibitors | genetic testing | cardiac MRI
Cardiac Surgery
  coronary artery bypass grafting: total arterial grafting | postoperative delirium | patient blood management
  acute aortic dissection: frozen elephant trunk | cerebral perfusion | cardiac CT
  mitral valve repair: minimally invasive surgery | three-dimensional echocardiography | long-term durability
  congenital heart disease in adults: exercise testing | cardiac MRI | transition clinics
Nephrology
  diabetic kidney disease: SGLT2 inhibitors | urinary proteomics | finerenone
  IgA nephropathy: targeted-release budesonide | kidney biopsy scoring | complement inhibition
  maintenance haemodialysis: fluid overload | vascular access surveillance | patient-reported outcomes
  kidney transplantation: donor-derived cell-free DNA | belatacept | cytomegalovirus prophylaxis
Endocrinology
  type 1 diabetes: automated insulin delivery | continuous glucose monitoring | HbA<sub>1c</sub> variability
  type 2 diabetes: GLP-1 receptor agonists | HbA<sub>1c</sub> variability | remote coaching
  primary aldosteronism: adrenal vein sampling | <sup>11</sup>C-metomidate PET | aldosterone-to-renin ratio
  thyroid nodules: ultrasound risk stratification | molecular testing | radiofrequency ablation
Gastroenterology
  Crohn disease: faecal calprotectin | ustekinumab | intestinal ultrasound
  ulcerative colitis: JAK inhibitors | faecal microbiota transplantation | colonoscopic surveillance
  gastric intestinal metaplasia: <i>Helicobacter pylori</i> eradication | endoscopic imaging | serum pepsinogen
  coeliac disease: gluten challenge | duodenal histology | dietary adherence
Hepatology
  metabolic dysfunction-associated steatotic liver disease: transient elastography | <i>PNPLA3</i> variants | resmetirom
  decompensated cirrhosis: albumin infusion | sarcopenia | transjugular portosystemic shunt
  hepatocellular carcinoma: liquid biopsy | atezolizumab plus bevacizumab | ultrasound surveillance
  chronic hepatitis B: functional cure | HBV DNA &lt; 2,000 IU/mL | bulevirtide
Respiratory Medicine
  severe asthma: biologic therapy | sputum eosinophils | small airway disease
  chronic obstructive pulmonary disease: pulmonary rehabilitation | PM<sub>2.5</sub> exposure | home non-invasive ventilation
  idiopathic pulmonary fibrosis: quantitative CT | antifibrotic therapy | telomere length
  cystic fibrosis: CFTR modulators | lung clearance index | <i>Pseudomonas aeruginosa</i> eradication
Intensive Care Medicine
  acute respiratory distress syndrome: prone positioning | driving pressure | CO<sub>2</sub> removal
  septic shock: balanced crystalloids | procalcitonin guidance | vasopressin
  delirium in critical illness: dexmedetomidine | early mobilisation | sleep quality
  out-of-hospital cardiac arrest: targeted temperature management | neuron-specific enolase | extracorporeal resuscitation
Infectious Diseases
  invasive candidiasis: rezafungin | antifungal stewardship | <i>Candida auris</i> screening
  carbapenem-resistant Enterobacterales: whole-genome sequencing | ceftazidime-avibactam | rectal screening
  <i>Staphylococcus aureus</i> bacteraemia: adjunctive fosfomycin | <sup>18</sup>F-FDG PET/CT | oral step-down therapy
  post-COVID-19 condition: exercise intolerance | immune profiling | cognitive screening
Tropical Medicine
  severe malaria: intravenous artesunate | <i>Plasmodium falciparum</i> genomics | rapid diagnostic tests
  visceral leishmaniasis: liposomal amphotericin B | xenodiagnosis | immune profiling
  dengue: vaccine effectiveness | vector control | warning signs
  schistosomiasis: praziquantel coverage | portable ultrasound | urine antigen testing
Oncology
  metastatic colorectal cancer: circulating tumour DNA | <i>BRAF</i> V600E inhibition | exercise programmes
  non-small cell lung cancer: immune checkpoint inhibitors | PD-L1 expression &gt; 50% | circulating tumour DNA
  triple-negative breast cancer: antibody-drug conjugates | tumour-infiltrating lymphocytes | neoadjuvant chemotherapy
  metastatic melanoma: TIL therapy | gut microbiome | immune checkpoint inhibitors
Radiation Oncology
  localised prostate cancer: stereotactic body radiotherapy | PSMA PET | MR-guided adaptive radiotherapy
  glioblastoma: MRI radiomics | <i>MGMT</i> promoter methylation | re-irradiation
  head and neck cancer: proton therapy | dysphagia | de-escalated radiotherapy
  brain metastases: stereotactic radiosurgery | radionecrosis | neurocognitive outcomes
Hematology
  multiple myeloma: CAR T-cell therapy | measurable residual disease | bispecific antibodies
  acute myeloid leukaemia: venetoclax plus azacitidine | measurable residual disease | <i>FLT3</i>-ITD
  sickle cell disease: gene therapy | transcranial Doppler | hydroxycarbamide adherence
  immune thrombocytopenia: thrombopoietin receptor agonists | BTK inhibition | fatigue
Radiology
  breast cancer screening: digital tomosynthesis | deep learning triage | mammographic density
  pulmonary nodules: low-dose CT | deep learning triage | volumetric follow-up
  prostate MRI: PI-RADS reporting | abbreviated protocols | deep learning reconstruction
  knee osteoarthritis imaging: quantitative MRI | T2 mapping | weight-bearing CT
Nuclear Medicine
  neuroendocrine tumours: <sup>177</sup>Lu-DOTATATE | somatostatin receptor PET | dosimetry
  cardiac amyloidosis: bone scintigraphy | tafamidis | cardiac MRI
  metastatic prostate cancer: <sup>177</sup>Lu-PSMA-617 | PSMA PET | dosimetry
  large vessel vasculitis: <sup>18</sup>F-FDG PET/CT | tocilizumab | temporal artery ultrasound
Rheumatology
  rheumatoid arthritis: JAK inhibitors | treat-to-target strategies | musculoskeletal ultrasound
  systemic lupus erythematosus: anifrolumab | belimumab | patient-reported outcomes
  axial spondyloarthritis: IL-17 inhibition | sacroiliac joint MRI | exercise programmes
  systemic sclerosis: nailfold capillaroscopy | autologous stem cell transplantation | quantitative CT
Dermatology
  atopic dermatitis: dupilumab | skin microbiome | itch
  psoriasis: IL-23 inhibition | cardiovascular risk | drug survival
  cutaneous melanoma: dermoscopy | sentinel node biopsy | deep learning triage
  hidradenitis suppurativa: IL-17 inhibition | wide excision | quality of life
Ophthalmology
  neovascular age-related macular degeneration: faricimab | optical coherence tomography | treat-and-extend dosing
  diabetic retinopathy: deep learning triage | optical coherence tomography | retinal screening
  primary open-angle glaucoma: selective laser trabeculoplasty | visual field progression | home tonometry
  myopia in children: low-dose atropine | outdoor time | axial length
Otorhinolaryngology
  chronic rhinosinusitis with nasal polyps: dupilumab | endoscopic sinus surgery | olfactory function
  cochlear implantation: hearing preservation | speech perception | listening effort
  obstructive sleep apnoea: hypoglossal nerve stimulation | home sleep testing | sleep quality
  sudden sensorineural hearing loss: intratympanic corticosteroids | vestibular testing | hyperbaric O<sub>2</sub>
Orthopaedics
  hip fracture: orthogeriatric co-management | time to surgery | fascia iliaca block
  total knee arthroplasty: robotic assistance | patient-reported outcomes | tranexamic acid
  periprosthetic joint infection: synovial α-defensin | two-stage revision | bacteriophage therapy
  anterior cruciate ligament reconstruction: return to sport | graft choice | gait analysis
Anaesthesiology
  postoperative pain: erector spinae plane block | opioid-sparing anaesthesia | pain trajectories
  postoperative delirium: depth of anaesthesia | dexmedetomidine | frailty assessment
  perioperative anaemia: intravenous iron | patient blood management | tranexamic acid
  paediatric anaesthesia: emergence agitation | high-flow nasal O<sub>2</sub> | videolaryngoscopy
Paediatrics
  bronchiolitis in infants: high-flow nasal O<sub>2</sub> | nirsevimab | hospital admission
  Kawasaki disease: coronary artery aneurysm | infliximab | immune profiling
  childhood obesity: GLP-1 receptor agonists | family-based treatment | physical activity
  juvenile idiopathic arthritis: adalimumab tapering | temporomandibular joint MRI | musculoskeletal ultrasound
Neonatology
  extremely preterm birth: less invasive surfactant administration | neurodevelopmental outcomes | donor milk
  neonatal hypoxic-ischaemic encephalopathy: therapeutic hypothermia | amplitude-integrated EEG | erythropoietin
  bronchopulmonary dysplasia: hydrocortisone | lung ultrasound | home O<sub>2</sub>
  necrotising enterocolitis: probiotics | near-infrared spectroscopy | donor milk
Obstetrics and Gynaecology
  pre-eclampsia: sFlt-1/PlGF ratio | low-dose aspirin | long-term cardiovascular risk
  gestational diabetes: continuous glucose monitoring | metformin | early screening
  endometriosis: transvaginal ultrasound | deep infiltrating disease | quality of life
  postpartum haemorrhage: tranexamic acid | carbetocin | intrauterine tamponade
Geriatric Medicine
  frailty: comprehensive geriatric assessment | grip strength | exercise programmes
  polypharmacy: deprescribing | anticholinergic burden | electronic decision support
  falls in older adults: vitamin D | gait analysis | home hazard reduction
  sarcopenia: resistance training | protein supplementation | muscle ultrasound
Public Health
  influenza vaccination: high-dose vaccine | reminder letters | vaccine effectiveness
  air pollution and mortality: PM<sub>2.5</sub> exposure | NO<sub>2</sub> exposure | heat waves
  tobacco cessation: cytisinicline | e-cigarettes | digital interventions
  antimicrobial resistance: wastewater surveillance | antibiotic stewardship | whole-genome sequencing
Palliative Medicine
  refractory breathlessness: low-dose morphine | handheld fan | caregiver burden
  advance care planning: decision aids | serious illness conversations | electronic decision support
  cancer cachexia: anamorelin | nutritional support | exercise programmes
  end-of-life care at home: caregiver burden | telemonitoring | place of death
"""

CHECK_TAGS = ("Humans", "Female", "Male", "Adult", "Middle Aged", "Aged")

_JOURNALS = (
    "Meridian {}",
    "Archives of Integrated {}",
    "{} in Practice and Research",
    "Open {} Letters",
)
_GENERAL_JOURNALS = (
    "Northlight Medical Journal",
    "Concordia Medicine",
    "Open Clinical Horizons",
    "Annals of Shared Care",
)
_ABBREVIATIONS = {
    "Medicine": "Med", "Medical": "Med", "Journal": "J", "Annals": "Ann", "Archives": "Arch",
    "Integrated": "Integr", "Practice": "Pract", "Research": "Res", "Letters": "Lett", "Surgery": "Surg",
    "Clinical": "Clin", "Diseases": "Dis", "Respiratory": "Respir", "Intensive": "Intens",
    "Infectious": "Infect", "Obstetrics": "Obstet", "Public": "Public", "Palliative": "Palliat",
    "Paediatrics": "Paediatr", "Orthopaedics": "Orthop", "Psychiatry": "Psychiatr",
    "Radiation": "Radiat", "Cardiac": "Card", "Geriatric": "Geriatr", "of": "", "in": "", "and": "",
}  # fmt: skip

_TITLES = {
    "article": (
        "{A} in {s}: a cohort study", "{A} in {s}: a multicentre observational study",
        "Association of {a} with outcomes in {s}", "{A} and {b} in {s}",
        "Prognostic value of {a} in patients with {s}", "{A} versus {b} in {s}: a registry-based comparison",
        "Implementing {a} for {s}: results from routine care", "Long-term follow-up of {s}: the role of {a}",
        "{A} predicts response to {b} in {s}", "Does {a} change management of {s}? A prospective study",
        "Patient perspectives on {a} in {s}: a qualitative study",
    ),
    "trial": ("{A} for {s}: a randomised controlled trial", "{A} versus {b} for {s}: a randomised, open-label trial"),
    "review": ("{A} in {s}: a systematic review and meta-analysis", "{S}: current evidence on {a} and {b}", "{A} in {s}: a narrative review"),
    "letter": ("Comment on {a} in {s}", "{A} in {s}: a word of caution"),
    "case": ("{A} in an unusual presentation of {s}: a case report",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Topic:
    """A line of research: `descriptors` are (identifier, name), the subject's own first."""

    department: str
    subject: str
    approaches: tuple[str, ...]
    descriptors: tuple[tuple[str, str], ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Journal:
    """A made-up journal; `department` is empty for a general one."""

    title: str
    abbreviation: str
    issn: str
    nlm_id: str
    department: str


def plain(fragment: str) -> str:
    """Text of a fragment without its markup.

    >>> plain("PM<sub>2.5</sub> &lt; 10")
    'PM2.5 < 10'
    """
    return unescape(re.sub(r"</?(?:i|sub|sup)>", "", fragment))


def make_topics() -> tuple[Topic, ...]:
    """All topics. An approach that several topics use has one descriptor, so topics overlap."""
    identifiers: dict[str, str] = {}

    def descriptor(text: str) -> tuple[str, str]:
        name = _heading(plain(text))
        return identifiers.setdefault(name, f"D9{len(identifiers) + 1:05d}"), name

    for tag in CHECK_TAGS:
        descriptor(tag)
    topics: list[Topic] = []
    department = ""
    for line in _DEPARTMENTS.strip().splitlines():
        if not line.startswith(" "):
            department = line
            continue
        subject, _, rest = line.strip().partition(": ")
        approaches = tuple(rest.split(" | "))
        descriptors = tuple(descriptor(text) for text in (subject, *approaches, department))
        keywords = tuple(plain(text) for text in (subject, *approaches[:2]))
        topics.append(Topic(department, subject, approaches, descriptors, keywords))
    return tuple(topics)


def make_journals(departments: tuple[str, ...]) -> tuple[Journal, ...]:
    """Four journals a department and a few general ones."""
    titles = [(pattern.format(d), d) for d in departments for pattern in _JOURNALS]
    titles += [(title, "") for title in _GENERAL_JOURNALS]
    return tuple(
        Journal(title, _abbreviate(title), _issn(9_900_000 + i), f"9{i:08d}", department)
        for i, (title, department) in enumerate(titles, start=1)
    )


def make_title(kind: str, topic: Topic, pick: int) -> str:
    """Title of a paper as a fragment; `pick` ≥ 0 chooses pattern and approaches."""
    turn, a, b = _approaches(topic, pick)
    pattern = _TITLES[kind][turn % len(_TITLES[kind])]
    text = pattern.format(a=a, b=b, s=topic.subject, A=_capital(a), S=_capital(topic.subject))
    return text if text.endswith("?") else text + "."


def make_abstract(topic: Topic, pick: int, figure: int) -> tuple[tuple[str, str], ...]:
    """Labelled sections (label, plain text) of an abstract that fits the title of the same `pick`.

    `figure` ≥ 0 chooses numbers of participants and effects.
    """
    _, *approaches = _approaches(topic, pick)
    subject, a, b = plain(topic.subject), *map(plain, approaches)
    n, ratio = 40 + figure * 7919 % 960, 0.45 + figure * 31 % 140 / 100
    low, high = ratio * 0.8, ratio * 1.27
    value = f"p < 0.0{1 + figure % 4}" if not low < 1 < high else f"p = 0.{11 + figure % 80}"
    return (
        ("BACKGROUND", f"The role of {a} in {subject} remains uncertain. We studied {a} together with {b}."),
        ("METHODS", f"We included {n} participants with {subject} from {2 + figure % 11} centres and followed them for {6 + figure % 55} months. The primary analysis related {a} to the main clinical outcome, adjusted for age & sex."),
        ("RESULTS", f"The adjusted hazard ratio for {a} was {ratio:.2f} (95% CI {low:.2f}–{high:.2f}; {value}). Findings were similar when {b} was taken into account."),
        ("CONCLUSIONS", f"In {subject}, {a} adds information beyond routine assessment. Larger studies of {b} are warranted."),
    )  # fmt: skip


def _approaches(topic: Topic, pick: int) -> tuple[int, str, str]:
    """Split `pick` into a choice of pattern and the first and second approach."""
    count = len(topic.approaches)
    return pick // count, topic.approaches[pick % count], topic.approaches[(pick + 1) % count]


def _capital(fragment: str) -> str:
    return fragment if fragment.startswith("<") else fragment[0].upper() + fragment[1:]


def _heading(text: str) -> str:
    small = {"in", "of", "and", "with", "for", "to", "after", "at", "plus"}
    words = text.split(" ")
    return " ".join(w if w in small and i else w[0].upper() + w[1:] for i, w in enumerate(words))


def _abbreviate(title: str) -> str:
    short = (_ABBREVIATIONS.get(word, re.sub("ology$", "ol", word)) for word in title.split())
    return " ".join(word for word in short if word)


def _issn(number: int) -> str:
    digits = f"{number:07d}"
    check = -sum(int(d) * w for d, w in zip(digits, range(8, 1, -1), strict=True)) % 11
    return f"{digits[:4]}-{digits[4:]}{'X' if check == 10 else check}"
