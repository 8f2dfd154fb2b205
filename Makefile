# make demo: from nothing to Tables 1-3 of the toy corpus and one page with all of them.  make test: the suite.  Both are cheap to call again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The demo's size: SIZE training images of the largest toy domain, EPOCHS of each network at IMAGE pixels. One CPU core
# trains about 100 images a second at 64 pixels. `make demo SIZE=140 EPOCHS=1 DEMO=toy-small` is the smallest sensible form.
DEMO ?= .
SIZE ?= 2100
EPOCHS ?= 8
IMAGE ?= 64
DOMINANCE ?= 1
K ?= 1..8
RUNS ?= 10
# As far as the paper tells how; the default recipe is for scores.
TRAINING := --recipe paper --batch 64 --epochs $(EPOCHS) --image-size $(IMAGE)
TOY := $(DEMO)/toy
DOMAINS := affectnet rafdb sfew

.PHONY: demo test install clean
install: $(VENV)/installed

$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --editable '.[extract,export,test]'
	touch $@

demo: install
	$(BIN)/extract toy --workdir $(DEMO) --size $(SIZE) --dominance $(DOMINANCE)
	for name in $(DOMAINS); do $(BIN)/extract align --workdir $(TOY) --dataset $$name || exit 1; done
	$(BIN)/extract show $(TOY)/aligned/affectnet.h5
	$(BIN)/extract train --workdir $(TOY) --dataset affectnet --task emotion $(TRAINING)
	$(BIN)/extract train --workdir $(TOY) --dataset affectnet --task valence-arousal $(TRAINING)
	for name in $(DOMAINS); do $(BIN)/extract run --workdir $(TOY) --dataset $$name || exit 1; done
	$(BIN)/embed sweep --workdir $(TOY) --k $(K) --runs $(RUNS)
	$(BIN)/evaluate tables --workdir $(TOY)
	$(BIN)/evaluate report --workdir $(TOY)

test: install
	$(BIN)/python -m pytest

clean:
	rm -rf toy toy-small $(VENV)
