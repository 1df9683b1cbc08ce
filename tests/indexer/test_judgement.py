from indexer.judgement import Judgement


def test_a_judgement_is_kept_as_it_is(tmp_path):
    judgement = Judgement(weights=(1.0, 2.0, 3.0), intercept=-1.5, questions=7, calibration_error=0.02)
    judgement.save(tmp_path / "judgement.json")
    assert Judgement.load(tmp_path / "judgement.json") == judgement


def test_the_city_learned_its_confidence_from_questions_it_had_not_seen(searcher):
    assert searcher.manifest.questions > 1000
    assert searcher.manifest.calibration_error < 0.1


def test_probabilities_are_probabilities_and_none_is_above_the_first(searcher):
    for question in ("社保卡丢了怎么补办", "今天天气怎么样", "工伤"):
        chances = [hit.probability for hit in searcher.ask(question)]
        assert all(0 <= p <= 1 for p in chances)
        assert max(chances) == chances[0]
        assert sum(chances) < 1.5


def test_a_question_of_the_city_is_surer_than_small_talk(searcher):
    assert searcher.ask("社保卡丢了怎么补办")[0].probability > 3 * searcher.ask("今天天气怎么样")[0].probability
